package bench

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/sessnode/sessnode"
	load "github.com/sessnode/sessnode/internal/bench"
)

// forgetful is a store of three nodes whose first one never answers, that has forgotten what forgets says, and answers nothing about
// what hides says.
type forgetful struct {
	forgets, hides map[sessnode.Token]bool

	mu    sync.Mutex
	asked int
}

func (f *forgetful) Nodes(context.Context) (load.Nodes, error) {
	return load.Nodes{{Name: "s1"}, {Name: "s2"}, {Name: "s3"}}, nil
}
func (f *forgetful) RevokeSubject(context.Context, string) (uint64, error) { return 0, nil }
func (f *forgetful) Connect(n load.Node) load.Conn                         { return &forgetfulConn{f, n.Name == "s1"} }

type forgetfulConn struct {
	store *forgetful
	dead  bool
}

func (c *forgetfulConn) Do(_ context.Context, _ load.Operation, token sessnode.Token, _ []byte) sessnode.Code {
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	c.store.asked++
	switch {
	case c.dead || c.store.hides[token]:
		return sessnode.CodeUnavailable
	case c.store.forgets[token]:
		return sessnode.CodeNotFound
	}
	return sessnode.OK
}

func (c *forgetfulConn) Close() error { return nil }

func TestVerifyCountsWhatWasForgottenApartFromWhatIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &forgetful{forgets: map[sessnode.Token]bool{}, hides: map[sessnode.Token]bool{}}
		nodes, _ := store.Nodes(t.Context())
		c := &crowd{nodes: nodes}
		for i := range 4 {
			w := &writer{}
			for j := range 50 {
				token := sessnode.NewToken()
				w.acknowledged = append(w.acknowledged, token)
				store.forgets[token] = i == 0 && j < 3
				store.hides[token] = i == 1 && j < 2
			}
			c.writers = append(c.writers, w)
		}
		var f Failover
		c.verify(t.Context(), store, &f)
		if f.Acknowledged != 200 || f.Missing != 3 || f.Unverified != 2 {
			t.Errorf("verify = %d acknowledged, %d missing, %d unverified, want 200, 3, 2", f.Acknowledged, f.Missing, f.Unverified)
		}
		if f.Note == "" {
			t.Error("nothing is said about a kill before which nothing was written")
		}
	})
}
