package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

// problem is an error's body.
type problem struct {
	Code       string  `json:"code"`
	Reason     string  `json:"reason"`
	Detail     string  `json:"detail"`
	Outcome    string  `json:"outcome"`
	Oldest     string  `json:"oldest"`
	RetryAfter float64 `json:"retry_after"` // seconds
}

// judge tells what an HTTP answer means. Only what a node of this cluster says counts: anything else that speaks HTTP (a
// proxy, a load balancer, another program on the port) may answer 404 or 200 to everything.
func (c *Client) judge(n *node, r *request, res *http.Response, body []byte) (*answer, *failure) {
	at, err := sessnode.ParsePosition(res.Header.Get("Session-Index"))
	ours := err == nil
	if res.StatusCode < 300 || res.StatusCode == http.StatusNotModified {
		if !ours {
			return nil, r.stranger(n, res)
		}
		return c.success(n, r, res, body, at)
	}
	p, known := readProblem(res, body)
	if !known {
		return nil, r.stranger(n, res)
	}
	return nil, c.refusal(n, r, res, p)
}

// stranger is the failure of an answer that no node wrote. What it stands for is not known.
func (r *request) stranger(n *node, res *http.Response) *failure {
	return &failure{
		sent:       r.changes(),
		detail:     fmt.Sprintf("%s: status %d of something that is no sessnode", n.base, res.StatusCode),
		retryAfter: retryAfter(res, 0),
	}
}

func (c *Client) success(n *node, r *request, res *http.Response, body []byte, at sessnode.Position) (*answer, *failure) {
	believed := c.history.believe(res.Header.Get("Session-Generation"), time.Now())
	if r.changes() {
		c.history.wrote(at)
	} else if !believed {
		return nil, otherLife(n)
	}
	return &answer{status: res.StatusCode, header: res.Header, body: body, at: at}, nil
}

// otherLife is the failure of an answer out of another generation than the client knows.
func otherLife(n *node) *failure {
	return &failure{reason: sessnode.ReasonGeneration, detail: n.base + ": the node belongs to another life of the cluster"}
}

// refusal turns a node's problem into a failure. A try that was certainly not made, or whose fate is unknown, is worth
// another one; anything else is final.
func (c *Client) refusal(n *node, r *request, res *http.Response, p problem) *failure {
	code, known := sessnode.ParseCode(p.Code)
	if !known || code == sessnode.OK {
		code = strangeCode(res.StatusCode, p.Outcome)
	}
	detail := scrub(p.Detail, r.token.Reveal(), r.secret.Reveal(), c.apiKey)
	wait := retryAfter(res, p.RetryAfter)
	switch code {
	case sessnode.CodeUnavailable:
		return &failure{reason: p.Reason, detail: n.base + ": " + detail, retryAfter: wait}
	case sessnode.CodeUnknown:
		return &failure{sent: r.changes(), reason: p.Reason, detail: n.base + ": " + detail, retryAfter: wait}
	case sessnode.CodeNotFound:
		if !c.history.believe(res.Header.Get("Session-Generation"), time.Now()) {
			return otherLife(n)
		}
	}
	e := sessnode.Errorf(code, p.Reason, "%s", detail)
	e.Op, e.App, e.RetryAfter, e.Oldest = r.op, r.app, wait, p.Oldest
	// A full disk refuses before anybody looks whether the operation was made already; every other refusal comes behind that look.
	return &failure{final: true, err: e, thisTry: code == sessnode.CodeFull && p.Reason == sessnode.ReasonDisk, reason: p.Reason, detail: n.base + ": " + detail}
}

// strangeCode is the nearest code for one that this build does not know.
func strangeCode(status int, outcome string) sessnode.Code {
	switch {
	case outcome != "not_done":
		return sessnode.CodeUnknown
	case status >= 500:
		return sessnode.CodeUnavailable
	}
	return sessnode.CodeInvalid
}

func readProblem(res *http.Response, body []byte) (problem, bool) {
	var p problem
	mediaType, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	if strings.TrimSpace(mediaType) != "application/problem+json" {
		return p, false
	}
	err := json.Unmarshal(body, &p)
	return p, err == nil && p.Code != ""
}

// retryAfter returns what the answer asks for: in the body it may be finer than whole seconds.
func retryAfter(res *http.Response, inBody float64) time.Duration {
	if inBody > 0 && inBody < 1e6 {
		return time.Duration(inBody * float64(time.Second))
	}
	if d, err := time.ParseDuration(res.Header.Get("Retry-After") + "s"); err == nil && d > 0 {
		return d
	}
	return 0
}

// unreadable is the outcome of a success whose body makes no sense: a change was made, but what it came to is not known.
func (r *request) unreadable() error {
	e := sessnode.Errorf(sessnode.CodeUnavailable, "", "the node's answer cannot be read: is its version much older or newer?")
	if r.changes() {
		e.Err = sessnode.ErrUnknown
	}
	e.Op, e.App = r.op, r.app
	return e
}
