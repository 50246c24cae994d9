//go:build go1.26

// Package memstore stands in for the package of scs with which every scs.New begins, so that scs's own tests run on three real nodes.
package memstore

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/scsstore"
)

// MemStore is a store of its own, as each of scs's is: an app of its own.
type MemStore struct{ *scsstore.Store }

// New makes a store.
func New() *MemStore {
	base, err := client.New(os.Getenv("SESSNODE_URL"))
	if err != nil {
		panic(err)
	}
	app := base.In(os.Getenv("SESSNODE_APP") + "-" + strconv.FormatUint(rand.Uint64(), 36))
	policy := sessnode.DefaultPolicy()
	policy.MinTokenLength = 8
	if _, err := app.PutPolicy(context.Background(), policy); err != nil {
		panic(err)
	}
	return &MemStore{scsstore.New(app, scsstore.Options{})}
}

// NewWithCleanupInterval makes a store. There is nothing to clean up.
func NewWithCleanupInterval(time.Duration) *MemStore { return New() }

// longer makes a token of the shortest length out of the 7 characters that the tests like.
func longer(token string) string { return token + "........"[:max(0, 8-len(token))] }

// FindCtx finds a session.
func (m *MemStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	return m.Store.FindCtx(ctx, longer(token))
}

// CommitCtx keeps a session.
func (m *MemStore) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	return m.Store.CommitCtx(ctx, longer(token), b, expiry)
}

// DeleteCtx ends a session.
func (m *MemStore) DeleteCtx(ctx context.Context, token string) error {
	return m.Store.DeleteCtx(ctx, longer(token))
}

// Find finds a session.
func (m *MemStore) Find(token string) ([]byte, bool, error) { return m.Store.Find(longer(token)) }

// Commit keeps a session.
func (m *MemStore) Commit(token string, b []byte, expiry time.Time) error {
	return m.Store.Commit(longer(token), b, expiry)
}

// Delete ends a session.
func (m *MemStore) Delete(token string) error { return m.Store.Delete(longer(token)) }
