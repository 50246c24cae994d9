package httpapi

import (
	"context"

	"github.com/sessnode/sessnode"
)

// create makes a session: 201, with the token only where the server made it.
func create(ctx context.Context, c *call) (*Reply, error) {
	var in sessnode.Create
	var attrs attributes
	var given sessnode.Token
	fields := append(attrs.fields("attrs"),
		field{"subject", text(&in.Subject, checkSubject)},
		field{"device", device(&in.Device)},
		field{"token", token(&given)})
	if err := c.decode(append(fields, timeoutFields(&in.Timeouts)...)...); err != nil {
		return nil, err
	}
	in.Attrs = attrs
	use, minted, err := c.newToken(given)
	if err != nil {
		return nil, err
	}
	in.Key, in.TokenChars = use.Key(), len(use)
	effect, err := c.write(ctx, in)
	if err != nil {
		return nil, err
	}
	r := c.changed(201, effect, minted, false)
	r.Header = append(r.Header, location(c.app, effect.Session.ID))
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
