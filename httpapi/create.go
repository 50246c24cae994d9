package httpapi

import (
	"context"

	"github.com/sessnode/sessnode"
)

// creation is what a new session brings.
type creation struct {
	sessnode.Create
	attrs attributes
	given sessnode.Token
}

var createMembers = []member[creation]{
	{"attrs", func(in *creation, n node) error { return in.attrs.readPlain(n) }},
	{"raw", func(in *creation, n node) error { return in.attrs.readRaw(n) }},
	{"subject", func(in *creation, n node) error { return text(&in.Subject, checkSubject)(n) }},
	{"device", func(in *creation, n node) error { return device(&in.Device)(n) }},
	{"token", func(in *creation, n node) error { return token(&in.given)(n) }},
	{"idle", func(in *creation, n node) error { return duration(&in.Timeouts.Idle)(n) }},
	{"lifetime", func(in *creation, n node) error { return duration(&in.Timeouts.Lifetime)(n) }},
	{"expires", func(in *creation, n node) error { return moment(&in.Timeouts.Expires)(n) }},
}

// create makes a session: 201, with the token only where the server made it.
func create(ctx context.Context, c *call) (*Reply, error) {
	in := &c.creation
	in.attrs.last = &c.known.names
	if err := decode(c, in, createMembers); err != nil {
		return nil, err
	}
	use, minted, err := c.newToken(in.given)
	if err != nil {
		return nil, err
	}
	in.Key, in.TokenChars, in.Attrs = use.Key(), len(use), in.attrs.values
	effect, err := c.write(ctx, in.Create)
	if err != nil {
		return nil, err
	}
	r := c.changed(201, &effect, minted, false)
	r.app, r.made = c.app, effect.Session.ID
	return r, nil
}

// newToken returns the token that a session gets, and the same again where the server made it. It makes one only for a
// request without an operation id: the answer to such a request may be lost, and a retry must get the same token, which the
// node does not remember.
func (c *call) newToken(given sessnode.Token) (use, minted sessnode.Token, err error) {
	_, retries, err := c.operationID()
	switch {
	case err != nil || given != "":
		return given, "", err
	case retries:
		return "", "", mistake("a request with an Idempotency-Key brings its own token: only then can a retry have the same one")
	}
	fresh := sessnode.NewToken()
	return fresh, fresh, nil
}
