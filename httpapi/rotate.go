package httpapi

import (
	"context"

	"github.com/sessnode/sessnode"
)

// rotate gives the session a new token and, in the same step, what changes with it: at login the subject, whose change ends
// the old token at once (ASVS 7.2.4).
func rotate(ctx context.Context, c *call) (*Reply, error) {
	var in sessnode.Rotate
	var e edit
	var given sessnode.Token
	fields := append(e.fields(),
		field{"token", token(&given)},
		field{"subject", optional(&in.Subject, func(s *string) func(node) error { return text(s, checkSubject) })},
		field{"reauth", func(n node) (err error) { in.Reauth, err = n.boolean(); return err }})
	err := c.decode(fields...)
	if err == nil {
		in.Edit, err = e.change()
	}
	if err != nil {
		return nil, err
	}
	key, wanted, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	use, minted, err := c.newToken(given)
	if err != nil {
		return nil, err
	}
	in.Key, in.IfMatch, in.NewKey, in.TokenChars = key, wanted.version, use.Key(), len(use)
	effect, err := c.write(ctx, in)
	if err != nil {
		return nil, err
	}
	return c.changed(200, effect, minted, len(in.Edit.Incr) > 0), nil
}
