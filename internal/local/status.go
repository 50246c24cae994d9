package local

import (
	"context"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
)

// NodeStatus is one node as it was seen at a moment.
type NodeStatus struct {
	sessnode.Status       // the zero value where Err is not nil
	Err             error // why the node gave no status

	Life  Life
	Since time.Time // of Life
	Lag   uint64    // entries that it is behind the furthest one

	Of *Node
}

// Statuses asks all nodes at once.
func (c *Cluster) Statuses(ctx context.Context) []NodeStatus {
	all := make([]NodeStatus, len(c.Nodes))
	var wg sync.WaitGroup
	for i, n := range c.Nodes {
		all[i].Of = n
		if all[i].Life, all[i].Since = n.Life(); all[i].Life != Running {
			all[i].Err = ErrNotRunning
			continue
		}
		wg.Go(func() {
			all[i].Status, all[i].Err = n.Status(ctx)
			if n.attached != nil {
				all[i].Life, all[i].Since = n.heard(all[i].Err)
			}
		})
	}
	wg.Wait()
	var furthest uint64
	for _, s := range all {
		furthest = max(furthest, s.Applied)
	}
	for i := range all {
		if all[i].Err == nil {
			all[i].Lag = furthest - all[i].Applied
		}
	}
	return all
}

// Agree waits until all nodes report one applied index and one state hash, and returns them. Nothing may be written
// meanwhile but what the leader writes by itself.
func (c *Cluster) Agree(ctx context.Context, limit time.Duration) (agreed sessnode.Status, err error) {
	err = Await(ctx, limit, "one applied index and one state hash on all nodes", func(ctx context.Context) error {
		all := c.Statuses(ctx)
		agreed = all[0].Status
		return Agreement(all)
	})
	return agreed, err
}

// LeaderOf returns the node that leads the highest term that anyone knows, nil if none does.
func LeaderOf(all []NodeStatus) (leader *Node, term uint64) {
	for _, s := range all {
		switch {
		case s.Err != nil || s.Term < term:
		case leads(s.Status):
			leader, term = s.Of, s.Term
		case s.Term > term:
			leader, term = nil, s.Term
		}
	}
	return leader, term
}
