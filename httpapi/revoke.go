package httpapi

import (
	"context"

	"github.com/sessnode/sessnode"
)

// revoke ends the session of a token. What is gone already is no error, and neither is a text that can be no token. A
// missing token is one: 204 would say that somebody was signed out.
func revoke(ctx context.Context, c *call) (*Reply, error) {
	if err := c.decode(); err != nil {
		return nil, err
	}
	key, wanted, err := c.target(ctx)
	if sessnode.CodeOf(err) == sessnode.CodeNotFound {
		return noContent(), nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := c.write(ctx, sessnode.Revoke{Key: key, IfMatch: wanted.version}); err != nil {
		return nil, err
	}
	return noContent(), nil
}

// revokeID ends a session by its public name.
func revokeID(ctx context.Context, c *call) (*Reply, error) {
	id, err := c.id()
	if err == nil {
		err = c.ending()
	}
	if err != nil {
		return nil, err
	}
	if _, err := c.writeAs(ctx, c.caller.actor(), sessnode.RevokeID{ID: id}); err != nil {
		return nil, err
	}
	return noContent(), nil
}

// revokeApp ends all sessions of the app.
func revokeApp(ctx context.Context, c *call) (*Reply, error) {
	return c.endMany(ctx, sessnode.RevokeApp{})
}

// dropApp ends all sessions of the app and forgets its policy.
func dropApp(ctx context.Context, c *call) (*Reply, error) {
	return c.endMany(ctx, sessnode.DropApp{})
}

func (c *call) endMany(ctx context.Context, change sessnode.Change) (*Reply, error) {
	if err := c.ending(); err != nil {
		return nil, err
	}
	effect, err := c.writeAs(ctx, c.caller.actor(), change)
	if err != nil {
		return nil, err
	}
	return c.ended(effect.Count), nil
}

// ending refuses what a request that ends sessions does not obey.
func (c *call) ending() error {
	if err := c.decode(); err != nil {
		return err
	}
	return c.noMatch()
}
