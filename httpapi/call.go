package httpapi

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/sessnode/sessnode"
)

// The time that a request has: Session-Timeout, else DefaultTimeout, at most MaxTimeout.
const (
	DefaultTimeout = 5 * time.Second
	MaxTimeout     = 30 * time.Second
)

// call is one request on its way through an operation: routed, authorized, its body read.
type call struct {
	*Request
	api     *API
	route   *route
	caller  caller
	app     string   // {app}, valid; empty where the route has none
	param   string   // the segment after it: {id} or {subject}
	query   []string // the values of route.query; nil where none was sent
	has     []bool   // which of them were sent
	body    []byte
	drained bool   // the body was read to its end, or there was none
	in      format // of the body
	out     format // of the answer
	at      sessnode.Position
}

// only returns the single value of a header. Twice the same header is refused: two readers may choose differently.
func (c *call) only(name string) (value string, sent bool, err error) {
	values := c.Header(name)
	switch len(values) {
	case 0:
		return "", false, nil
	case 1:
		return values[0], true, nil
	}
	return "", true, mistake("the header %s stands there more than once", name)
}

// parameters reads what the path holds.
func (c *call) parameters(params []string) error {
	if len(params) > 0 {
		c.app = params[0]
		if !sessnode.ValidApp(c.app) {
			return mistake("an app's name has at most %d of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit", sessnode.MaxAppLength)
		}
	}
	if len(params) > 1 {
		c.param = params[1]
	}
	return nil
}

// parseQuery reads the parameters that the route knows, and refuses all others: a misspelt `except` must not end the one
// session that was to be spared.
func (c *call) parseQuery() error {
	c.query, c.has = make([]string, len(c.route.query)), make([]bool, len(c.route.query))
	if c.Query == "" {
		return nil
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

// deadline bounds ctx by the time that the request has.
func (c *call) deadline(ctx context.Context) (context.Context, context.CancelFunc, error) {
	limit := DefaultTimeout
	text, sent, err := c.only("Session-Timeout")
	if err == nil && sent {
		var ok bool
		limit, ok = parseSeconds(text)
		if !ok || limit <= 0 || limit > MaxTimeout {
			err = mistake("Session-Timeout is a number of seconds above 0, at most %d", MaxTimeout/time.Second)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	return ctx, cancel, nil
}

// formats settles how the body is to be read and the answer to be written.
func (c *call) formats() (err error) {
	if len(c.body) > 0 {
		contentType, _, err := c.only("Content-Type")
		if err == nil {
			c.in, err = requestFormat(contentType)
		}
		if err == nil && len(c.Header("Content-Encoding")) > 0 {
			err = mistake("send the body without Content-Encoding")
		}
		if err != nil {
			return err
		}
	}
	c.out = answerFormat(c.Header("Accept"), c.in)
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
