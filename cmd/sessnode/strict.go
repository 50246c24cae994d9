package main

import (
	"context"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/httpapi"
)

// strictStore marks each change that comes in at this node, so that an app that was never declared is refused.
type strictStore struct{ httpapi.Store }

// Write refuses an undeclared app with sessnode.ErrUnknownApp; else as the store below.
func (s strictStore) Write(ctx context.Context, m sessnode.Mutation) (sessnode.Effect, error) {
	m.Strict = true
	return s.Store.Write(ctx, m)
}
