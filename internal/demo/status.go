package demo

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

	node *Node
}

// statuses asks all nodes at once.
func (c *Cluster) statuses(ctx context.Context) []NodeStatus {
	all := make([]NodeStatus, len(c.Nodes))
	var wg sync.WaitGroup
	for i, n := range c.Nodes {
		all[i].node = n
		if all[i].Life, all[i].Since = n.life(); all[i].Life != Running {
			all[i].Err = errNotRunning
			continue
		}
		wg.Go(func() { all[i].Status, all[i].Err = n.status(ctx) })
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

// awaitAgreement waits until all nodes report one applied index and one state hash, and returns them. Nothing may be written
// meanwhile but what the leader writes by itself.
func (c *Cluster) awaitAgreement(ctx context.Context, limit time.Duration) (agreed sessnode.Status, err error) {
	err = await(ctx, limit, "one applied index and one state hash on all nodes", func(ctx context.Context) error {
		all := c.statuses(ctx)
		agreed = all[0].Status
		return agreement(all)
	})
	return agreed, err
}
