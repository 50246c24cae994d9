package httpapi

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/httpapi/http1"
)

// The time that a request has: Session-Timeout, else DefaultTimeout, at most MaxTimeout.
const (
	DefaultTimeout = 5 * time.Second
	MaxTimeout     = 30 * time.Second
)

// call is one request on its way through an operation: routed, authorized, its body read.
type call struct {
	*Request
	api *API
	asked

	// What stays from one call of a connection to the next.
	known  known
	alarm  alarm
	answer Reply
	fields [8]Field
	writer writer

	// What the bodies of most changes are read into.
	creation creation
	edit     edit
}

// asked is what is found out about one request.
type asked struct {
	began   time.Time
	over    time.Time // when its turn was; zero until then
	route   *route
	caller  caller
	params  params
	app     string            // {app}, valid; empty where the route has none
	param   string            // the segment after it: {id} or {subject}
	query   [mostQuery]string // the values of route.query
	has     [mostQuery]bool   // which of them were sent
	body    []byte
	drained bool          // the body was read to its end, or there was none
	in      format        // of the body
	out     format        // of the answer
	op      sessnode.OpID // zero until it was read, and where there is none
	at      sessnode.Position
}

// mostQuery is how many query parameters a route has at most.
const mostQuery = 3

// known is what the last request of a connection was found to say. The next one usually says the same, which need not be found out again.
type known struct {
	host    string // that is answered to
	key     string // the API key with its scheme
	caller  caller // whose it is
	timeout string
	limit   time.Duration
	app     string
	names   lastNames
	places  [2]place // an application reads and changes at one path, and creates at another
}

// place is where a path leads that has one parameter, the app.
type place struct {
	path, app string
	node      *router
}

func newCall(a *API, r *Request) *call { return &call{Request: r, api: a} }

// forget prepares the call for the next request of its connection, and gives up the present one: who waits for a request keeps no token.
func (c *call) forget(h *http1.Head) {
	*c.Request = Request{}
	clear(h.Fields)
	*h = http1.Head{Fields: h.Fields[:0]} // its other texts share memory with those
	c.again()
	if cap(c.writer.buf) > keptOut {
		c.writer.buf = nil
	}
}

// again prepares the call for the next request of its connection.
func (c *call) again() {
	if c.route.changes() {
		c.creation, c.edit = creation{}, edit{}
	}
	c.asked = asked{}
	c.answer = Reply{}
	clear(c.fields[:])
}

// only returns the single value of a header. Twice the same header is refused: two readers may choose differently.
func (c *call) only(id header) (value string, sent bool, err error) {
	switch c.Header.counts[id] {
	case 0:
		return "", false, nil
	case 1:
		return c.Header.values[id], true, nil
	}
	return "", true, mistake("the header %s stands there more than once", headerNames[id])
}

// find routes the call.
func (c *call) find() (*router, error) {
	for i := range c.known.places {
		if p := &c.known.places[i]; p.path == c.Path && p.node != nil {
			c.params.n, c.params.list[0] = 1, p.app
			return p.node, nil
		}
	}
	node, err := c.api.router.find(c.Path, &c.params)
	if err == nil && c.params.n == 1 && sessnode.ValidApp(c.params.list[0]) {
		p := place{strings.Clone(c.Path), strings.Clone(c.params.list[0]), node}
		c.known.places = [2]place{p, c.known.places[0]}
	}
	return node, err
}

// ready returns when the call was ready for its turn, as far as that is known without looking at the clock again.
func (c *call) ready() time.Time {
	if c.Body != nil { // it may have taken long to arrive
		return time.Now()
	}
	return c.began
}

// parameters reads what the path holds.
func (c *call) parameters() error {
	if c.params.n > 0 {
		if app := c.params.list[0]; app != c.known.app {
			if !sessnode.ValidApp(app) {
				return mistake("an app's name has at most %d of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit", sessnode.MaxAppLength)
			}
			c.known.app = strings.Clone(app) // it is kept, and must not keep a head with a token in it
		}
		c.app = c.known.app
	}
	if c.params.n > 1 {
		c.param = strings.Clone(c.params.list[1])
	}
	return nil
}

// parseQuery reads the parameters that the route knows, and refuses all others: a misspelt `except` must not end the one
// session that was to be spared.
func (c *call) parseQuery() error {
	if c.Query == "" {
		return nil
	}
	if name, value, found := strings.Cut(c.Query, "="); found && !strings.ContainsAny(value, "&;=%+") { // as most are: a single one, in plain
		if i := slices.Index(c.route.query, name); i >= 0 {
			c.query[i], c.has[i] = value, true
			return nil
		}
	}
	values, err := url.ParseQuery(c.Query)
	if err != nil {
		return mistake("the query is not percent-encoded as it should be")
	}
	for name, list := range values {
		i := slices.Index(c.route.query, name)
		if i < 0 {
			return mistake("there is a query parameter that this path does not know: known are %q", c.route.query)
		}
		if len(list) > 1 {
			return mistake("the query parameter %s stands there more than once", name)
		}
		c.query[i], c.has[i] = list[0], true
	}
	return nil
}

// limit returns the time that the request has.
func (c *call) limit() (time.Duration, error) {
	text, sent, err := c.only(headerTimeout)
	if err != nil || !sent {
		return DefaultTimeout, err
	}
	if text == c.known.timeout && text != "" {
		return c.known.limit, nil
	}
	limit, ok := parseSeconds(text)
	if !ok || limit <= 0 || limit > MaxTimeout {
		return 0, mistake("Session-Timeout is a number of seconds above 0, at most %d", MaxTimeout/time.Second)
	}
	c.known.timeout, c.known.limit = strings.Clone(text), limit
	return limit, nil
}

// formats settles how the body is to be read and the answer to be written.
func (c *call) formats() (err error) {
	if len(c.body) > 0 {
		contentType, _, err := c.only(headerContentType)
		if err == nil {
			c.in, err = requestFormat(contentType)
		}
		if err == nil && c.Header.has(headerContentEncoding) {
			err = mistake("send the body without Content-Encoding")
		}
		if err != nil {
			return err
		}
	}
	c.out = answerFormat(c.Header.values[headerAccept], c.in)
	return nil
}

// decode reads the body as an object of known fields. No body is an empty object.
func (c *call) decode(fields ...field) error {
	if len(c.body) == 0 {
		return nil
	}
	n, err := parse(c.in, c.body)
	if err != nil {
		return err
	}
	if err := n.object(fields...); err != nil {
		return within("body", err)
	}
	return nil
}

// decode reads the body of a call into what a table says. No body is an empty object.
func decode[T any](c *call, into *T, table []member[T]) error {
	if len(c.body) == 0 {
		return nil
	}
	n, err := parse(c.in, c.body)
	if err != nil {
		return err
	}
	if err := readInto(n, into, table); err != nil {
		return within("body", err)
	}
	return nil
}

// write makes a change in the name of whoever holds the session's token.
func (c *call) write(ctx context.Context, change sessnode.Change) (sessnode.Effect, error) {
	return c.writeAs(ctx, "token", change)
}

func (c *call) writeAs(ctx context.Context, actor string, change sessnode.Change) (sessnode.Effect, error) {
	op, _, err := c.operationID()
	if err != nil {
		return sessnode.Effect{}, err
	}
	effect, err := c.api.config.Store.Write(ctx, sessnode.Mutation{App: c.app, OpID: op, Actor: actor, Change: change})
	c.at = effect.At
	return effect, err
}
