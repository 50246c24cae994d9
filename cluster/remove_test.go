package cluster_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
	"github.com/sessnode/sessnode/cluster/raftlog"
)

// TestADeadNodeIsRemovedAtAnOperatorsWish asks a node that does not lead, by name; while the node lives it is refused.
func TestADeadNodeIsRemovedAtAnOperatorsWish(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	leader := c.Leader()
	gone, other := (leader+1)%3, (leader+2)%3
	name, id := c.Config(gone).Name, c.Node(gone).ID()
	remove := func(ctx context.Context) error { return c.Node(other).Remove(ctx, name) }
	if err := c.Ask(remove); !errors.Is(err, sessnode.ErrConflict) {
		t.Errorf("Remove(%s), which lives = %v, want ErrConflict", name, err)
	}
	c.Stop(gone)
	unknown := false
	c.Await("the removal", func() bool { // until it is seen to be dead
		err := c.Ask(remove)
		unknown = unknown || errors.Is(err, sessnode.ErrUnknown)
		return err == nil || unknown && errors.Is(err, sessnode.ErrInvalid)
	})
	if v := voters(t, c, c.Leader()); len(v) != 2 || v[id] {
		t.Errorf("voters = %v, want two without %s", v, id)
	}
	if err := c.Ask(remove); !errors.Is(err, sessnode.ErrInvalid) {
		t.Errorf("Remove(%s) again = %v, want ErrInvalid", name, err)
	}
}

// TestNobodyLeavesADeadMajorityBehind lets a follower leave in the moment in which the other one has died and gossip does not know
// yet. The removal could not be committed, and the cluster would be stuck although two of three live.
func TestNobodyLeavesADeadMajorityBehind(t *testing.T) {
	var links clustertest.Links
	c := clustertest.Start(t, 3, links.Wire)
	leader := c.Leader()
	dies, leaves := (leader+1)%3, (leader+2)%3
	links.Of(dies).Cut() // the node port alone: gossip goes on as if nothing had been
	defer links.Of(dies).Heal()
	if err := c.Node(leaves).Leave(within(t, clustertest.Patience)); !errors.Is(err, sessnode.ErrConflict) {
		t.Errorf("Leave right after another node has died = %v, want ErrConflict", err)
	}
	m, _ := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(leaves), m)
}

// TestANodeLeavesForGood makes each of a cluster of three leave in turn, the leader first, under writes; the last one may not.
func TestANodeLeavesForGood(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(0), m)
	leader := c.Leader()
	left := c.Node(leader).ID()
	if err := c.Node(leader).Leave(within(t, clustertest.Patience)); err != nil {
		t.Fatalf("Leave of the leader = %v", err)
	}
	cfg := c.Config(leader)
	c.Stop(leader)
	if n, err := cluster.Open(t.Context(), cfg); !errors.Is(err, raftlog.ErrLeft) {
		if err == nil {
			_ = n.Close(t.Context())
		}
		t.Errorf("Open of a directory whose node has left = %v, want ErrLeft", err)
	}
	next := c.Leader()
	if v := voters(t, c, next); len(v) != 2 || v[left] {
		t.Errorf("voters = %v, want two without %s", v, left)
	}
	other := 3 - leader - next
	if _, _, err := c.Node(other).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil {
		t.Errorf("read after the leader has left = %v", err)
	}
	if err := c.Node(other).Leave(within(t, clustertest.Patience)); err != nil {
		t.Fatalf("Leave of a follower = %v", err)
	}
	c.Stop(other)
	if err := c.Node(next).Leave(within(t, clustertest.Patience)); !errors.Is(err, sessnode.ErrConflict) {
		t.Errorf("Leave of the only voter = %v, want ErrConflict", err)
	}
	if _, _, err := c.Node(next).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil {
		t.Errorf("read at the last node = %v", err)
	}
}

// TestADrainedNodeServesAndDoesNotLead drains the leader and lets it work again.
func TestADrainedNodeServesAndDoesNotLead(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	drained := c.Leader()
	mustAsk(t, c, "SetDrained", func(ctx context.Context) error { return c.Node(drained).SetDrained(ctx, true, 0) })
	c.Await("a leader that is not drained", func() bool { return c.Leader() != drained })
	if clustertest.Ready(c.Node(drained)) {
		t.Error("a drained node is ready")
	}
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(drained), m)
	if _, _, err := c.Node(drained).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil {
		t.Errorf("read at a drained node = %v", err)
	}
	// The only other candidate dies, so the drained one is elected; when others are back it hands over by itself.
	next := drained
	c.Await("a leader that is not drained", func() bool { next = c.Leader(); return next != drained })
	c.Stop(next)
	c.Await("a leader that is not drained", func() bool { return c.Leader() != drained })
	if err := c.Node(drained).SetDrained(within(t, clustertest.Patience), false, 0); err != nil {
		t.Fatal(err)
	}
	c.AwaitReady(drained)
}

// TestADrainWithALimitEndsByItself drains a node and forgets about it.
func TestADrainWithALimitEndsByItself(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	n := c.Node(c.Leader())
	mustAsk(t, c, "SetDrained", func(ctx context.Context) error { return n.SetDrained(ctx, true, time.Minute) })
	if clustertest.Ready(n) {
		t.Error("a node that was just drained is ready")
	}
	mustAsk(t, c, "SetDrained", func(ctx context.Context) error { return n.SetDrained(ctx, true, 300*time.Millisecond) })
	c.Await("the node to work again", func() bool { return clustertest.Ready(n) })
}

// TestDrainedNodesAloneDoNotPassLeadershipAround drains all of them: somebody has to lead, and each change of the leader costs time.
func TestDrainedNodesAloneDoNotPassLeadershipAround(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	for i := range 3 {
		mustAsk(t, c, "SetDrained", func(ctx context.Context) error { return c.Node(i).SetDrained(ctx, true, 0) })
	}
	c.Leader()
	before, began := c.Node(0).Status(t.Context()).Term, time.Now()
	const writes = 200
	for i := range writes {
		m, _ := clustertest.Create("web", "ada")
		mustWrite(t, c.Node(i%3), m)
	}
	// On a busy machine the writes take long, and each term that ends by itself has taken a heartbeat at least.
	most := max(writes/4, uint64(time.Since(began)/c.Config(0).Profile.Heartbeat))
	if terms := c.Node(0).Status(t.Context()).Term - before; terms > most {
		t.Errorf("%d terms in the time of %d writes, want %d at most", terms, writes, most)
	}
}
