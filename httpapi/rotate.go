package httpapi

import (
	"context"

	"github.com/sessnode/sessnode"
)

// rotation is what a rotation brings.
type rotation struct {
	sessnode.Rotate
	edit  edit
	given sessnode.Token
}

var rotateMembers = append(editOf(func(in *rotation) *edit { return &in.edit }),
	member[rotation]{"token", func(in *rotation, n node) error { return token(&in.given)(n) }},
	member[rotation]{"subject", func(in *rotation, n node) error {
		return optional(&in.Subject, func(s *string) func(node) error { return text(s, checkSubject) })(n)
	}},
	member[rotation]{"reauth", func(in *rotation, n node) (err error) { in.Reauth, err = n.boolean(); return err }},
)

// editOf makes the fields of an edit those of what holds one.
func editOf[T any](within func(*T) *edit) []member[T] {
	var list []member[T]
	for _, m := range editMembers {
		list = append(list, member[T]{m.name, func(into *T, n node) error { return m.read(within(into), n) }})
	}
	return list
}

// rotate gives the session a new token and, in the same step, what changes with it: at login the subject, whose change ends
// the old token at once (ASVS 7.2.4).
func rotate(ctx context.Context, c *call) (*Reply, error) {
	var in rotation
	err := decode(c, &in, rotateMembers)
	if err == nil {
		in.Edit, err = in.edit.change()
	}
	if err != nil {
		return nil, err
	}
	key, wanted, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	use, minted, err := c.newToken(in.given)
	if err != nil {
		return nil, err
	}
	in.Key, in.IfMatch, in.NewKey, in.TokenChars = key, wanted.version, use.Key(), len(use)
	effect, err := c.write(ctx, in.Rotate)
	if err != nil {
		return nil, err
	}
	return c.changed(200, &effect, minted, len(in.Edit.Incr) > 0), nil
}
