package main

import (
	"context"

	"github.com/sessnode/sessnode/httpapi"
)

// leavingStore tells when the node has left its cluster, so that the process ends: a node without a cluster has nothing to serve.
type leavingStore struct {
	httpapi.Store
	left chan<- struct{} // capacity 1
}

// Leave is the store's, and then says so.
func (s leavingStore) Leave(ctx context.Context) error {
	err := s.Store.Leave(ctx)
	if err == nil {
		select {
		case s.left <- struct{}{}:
		default: // said already
		}
	}
	return err
}
