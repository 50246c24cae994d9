package httpapi

import (
	"context"
	"time"

	"github.com/sessnode/sessnode"
)

// remove takes a node that is gone for good out of the cluster.
func remove(ctx context.Context, c *call) (*Reply, error) {
	var who string
	if err := c.decode(field{"node", text(&who, func(s string) error { return checkPrintable("the node", s) })}); err != nil {
		return nil, err
	}
	if who == "" {
		return nil, mistake("say which: {\"node\": \"its id or name\"}")
	}
	return c.operated(c.api.config.Store.Remove(ctx, who))
}

// leaveCluster takes this very node out. It has to be named, because a request that reached the wrong node would cost a vote.
func leaveCluster(ctx context.Context, c *call) (*Reply, error) {
	var who string
	if err := c.decode(field{"node", text(&who, func(s string) error { return checkPrintable("the node", s) })}); err != nil {
		return nil, err
	}
	store := c.api.config.Store
	if self := store.Status(ctx).Node; who != self {
		return nil, sessnode.Errorf(sessnode.CodeConflict, "", "this is node %s: name it to make it leave, or ask the node that is meant", self)
	}
	return c.operated(store.Leave(ctx))
}

// drain drains this very node, or lets it work again.
func drain(ctx context.Context, c *call) (*Reply, error) {
	drained, limit := true, time.Duration(0)
	if err := c.decode(field{"drained", func(n node) (err error) { drained, err = n.boolean(); return err }}, field{"for", duration(&limit)}); err != nil {
		return nil, err
	}
	return c.operated(c.api.config.Store.SetDrained(ctx, drained, limit))
}

func (c *call) operated(err error) (*Reply, error) {
	if err != nil {
		return nil, err
	}
	return noContent(), nil
}
