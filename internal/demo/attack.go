package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// late is one request with the token of a session that was ended.
type late struct {
	what string
	want error // the only answer that is right
	send func(context.Context, *client.Client, sessnode.Token) error
}

// lateRequests are what a dead token is attacked with at every node, in this order. The second get comes after everything
// that could have brought the session back.
func lateRequests() []late {
	read := func(ctx context.Context, c *client.Client, t sessnode.Token) error {
		_, err := c.Read(ctx, t)
		return err
	}
	mark, _ := client.JSON("late") // a text always has a JSON form
	attrs := map[string]sessnode.Value{"late": mark}
	return []late{
		{"get", sessnode.ErrNotFound, read},
		{"patch", sessnode.ErrNotFound, func(ctx context.Context, c *client.Client, t sessnode.Token) error {
			_, err := c.Patch(ctx, t, sessnode.Edit{Set: attrs})
			return err
		}},
		{"put", sessnode.ErrNotFound, func(ctx context.Context, c *client.Client, t sessnode.Token) error {
			_, err := c.Replace(ctx, t, attrs, sessnode.TimeoutChange{})
			return err
		}},
		{"touch", sessnode.ErrNotFound, func(ctx context.Context, c *client.Client, t sessnode.Token) error {
			_, err := c.Touch(ctx, t, sessnode.TimeoutChange{})
			return err
		}},
		{"rotate", sessnode.ErrNotFound, func(ctx context.Context, c *client.Client, t sessnode.Token) error {
			_, _, err := c.Rotate(ctx, t, client.Rotation{})
			return err
		}},
		{"create", sessnode.ErrConflict, func(ctx context.Context, c *client.Client, t sessnode.Token) error {
			_, _, err := c.Create(ctx, client.Create{Token: t, Subject: "mallory"})
			return err
		}},
		{"get again", sessnode.ErrNotFound, read},
	}
}

// attacked is what one late request was answered.
type attacked struct {
	what string
	want error
	got  error
}

// attack sends every late request to the nodes of a client, one after the other.
func attack(ctx context.Context, c *client.Client, dead sessnode.Token) []attacked {
	var all []attacked
	for _, l := range lateRequests() {
		all = append(all, attacked{l.what, l.want, l.send(ctx, c, dead)})
	}
	return all
}

// judgeAttack says whether a dead token was refused with everything. One request that was let in is a ghost; one that got no
// definite answer, or was not sent, leaves the question open.
func judgeAttack(all []attacked) (Outcome, string) {
	var in, open []string
	for _, a := range all {
		switch {
		case a.got == nil && !(a.what == "get again" && slices.Contains(in, "get")):
			in = append(in, a.what)
		case a.got == nil:
		case !errors.Is(a.got, a.want):
			open = append(open, fmt.Sprintf("late %s: %v", a.what, a.got))
		}
	}
	switch {
	case len(in) > 0:
		return Broken, "let in: " + strings.Join(in, " ")
	case len(open) > 0:
		return Unjudged, strings.Join(open, ", ")
	case len(all) != len(lateRequests()):
		return Unjudged, fmt.Sprintf("%d of %d late requests were sent", len(all), len(lateRequests()))
	}
	return Held, "get patch put touch rotate create: refused"
}
