package client

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

// request is one call before it is sent: the same for every try.
type request struct {
	op     string // what is tried, for errors
	app    string // the app it is about; empty where there is none
	method string
	path   string // percent-encoded, from "/v1" on
	query  url.Values
	body   []byte
	call   call
	once   bool // it has no operation id that would make a second try harmless

	token      sessnode.Token // in the header
	needsToken bool
	secret     sessnode.Token // in the body
}

// changes reports whether the request may change what is stored. Then its fate matters when no answer comes.
func (r *request) changes() bool { return r.method != http.MethodGet }

// appRequest starts a request about the client's app. The path goes on after "/v1/apps/{app}".
func (c *Client) appRequest(op, method, path string, opts []CallOption) *request {
	r := &request{op: op, app: c.app, method: method, path: "/v1/apps/" + c.app + path, call: callOf(opts)}
	if r.changes() && r.call.operation == "" {
		r.call.operation = sessnode.NewID().String()
	}
	return r
}

// valid finds what must not even be sent. A text that no session can have as its token, as a cookie of a stranger may
// hold, names no session for certain.
func (r *request) valid() error {
	switch {
	case r.needsToken && !r.token.Valid(1):
		return &sessnode.Error{Op: r.op, App: r.app, Err: sessnode.ErrNotFound}
	case strings.HasPrefix(r.path, "/v1/apps/") && !sessnode.ValidApp(r.app):
		return r.refuse("%q cannot name an app: set one with WithApp, In or in the URL", r.app)
	case len(r.call.operation) > 128 || !visible(r.call.operation):
		return r.refuse("an operation name has 1 to 128 visible ASCII characters")
	case !visible(r.call.ifMatch) || !visible(r.call.ifNoneMatch):
		return r.refuse("that is no ETag of a session")
	}
	return nil
}

// refuse makes the error of a request that is wrong as it stands.
func (r *request) refuse(format string, args ...any) error {
	e := sessnode.Errorf(sessnode.CodeInvalid, "", format, args...)
	e.Op, e.App = r.op, r.app
	return e
}

// segment encodes a text as one path segment. Dots are encoded where they alone would be taken for a step in the tree.
func segment(text string) string {
	if text == "." || text == ".." {
		return strings.ReplaceAll(text, ".", "%2E")
	}
	return url.PathEscape(text)
}

// build makes the HTTP request of one try. The node gets a little less time than the try, so that its own answer, which
// knows more than a timeout, arrives first.
func (c *Client) build(ctx context.Context, base string, r *request, allotted time.Duration) (*http.Request, error) {
	address := base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return nil, r.refuse("the address of the request is malformed")
	}
	set := func(name, value string) {
		if value != "" {
			req.Header[name] = []string{value}
		}
	}
	set("User-Agent", "sessnode-go")
	set("Accept", "application/json")
	if len(r.body) > 0 {
		set("Content-Type", "application/json")
	}
	if c.apiKey != "" {
		set("Authorization", "Bearer "+c.apiKey)
	}
	set("Session-Token", r.token.Reveal())
	set("Session-Timeout", seconds(min(allotted*9/10, 30*time.Second)))
	if r.changes() && !r.once {
		set("Idempotency-Key", r.call.operation)
	}
	set("If-Match", r.call.ifMatch)
	set("If-None-Match", r.call.ifNoneMatch)
	c.readHeaders(r, set)
	return req, nil
}

func (c *Client) readHeaders(r *request, set func(name, value string)) {
	if r.changes() {
		return
	}
	read := r.call.read
	switch read.Level {
	case sessnode.Bounded:
		set("Session-Consistency", "bounded="+seconds(read.Bound))
	case sessnode.Local:
		set("Session-Consistency", "local")
	}
	if last := c.history.lastWrite(); c.readYourWrites && last.Generation != 0 && read.Min == (sessnode.Position{}) {
		read.Min = last
	}
	if read.Min != (sessnode.Position{}) {
		set("Session-Min-Index", read.Min.String())
	}
}

// seconds writes a duration as a decimal number of seconds.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
}
