package cluster_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// TestCutLeaderNeverServesStale cuts the leader off, revokes a session at the others, and reads at the old leader all the
// while: it may answer while nothing was revoked, and must not answer alive once the revocation was acknowledged.
func TestCutLeaderNeverServesStale(t *testing.T) {
	var links clustertest.Links
	c := clustertest.Start(t, 3, links.Wire)
	old := c.Leader()
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(old), m)

	links.Of(old).Cut()
	defer links.Of(old).Heal()
	other := (old + 1) % 3
	revoke := sessnode.Mutation{App: "web", OpID: sessnode.NewOpID(), Actor: "test", Change: sessnode.Revoke{Key: key}}
	if _, err := c.Node(other).Write(within(t, clustertest.Patience), revoke); err != nil {
		t.Fatalf("Write(Revoke) at the majority = %v", err)
	}
	s, _, err := c.Node(old).Session(within(t, 500*time.Millisecond), "web", key, sessnode.Read{})
	if !errors.Is(err, sessnode.ErrUnavailable) {
		t.Fatalf("Session() at the cut-off leader = %+v, %v, want ErrUnavailable", s, err)
	}
	links.Of(old).Heal()
	c.Await("the old leader to answer again", func() bool {
		_, _, err := c.Node(old).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{})
		if err == nil {
			t.Fatal("the old leader serves a revoked session")
		}
		return errors.Is(err, sessnode.ErrNotFound)
	})
}

// TestIncrementsAreExactAcrossLeaderChanges counts up from all nodes while leadership moves and leaders are cut off. Every
// acknowledged increment counts once; one in doubt counts at most once.
func TestIncrementsAreExactAcrossLeaderChanges(t *testing.T) {
	var links clustertest.Links
	c := clustertest.Start(t, 3, links.Wire)
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(0), m)

	stop, ended := context.WithCancel(t.Context())
	var workers sync.WaitGroup
	var mu sync.Mutex
	acked, doubted := int64(0), int64(0)
	for i := range 6 {
		workers.Go(func() {
			for stop.Err() == nil {
				_, err := c.Node(i%3).Write(within(t, clustertest.Patience), sessnode.Mutation{App: "web", Actor: "test",
					Change: sessnode.Patch{Key: key, Edit: sessnode.Edit{Incr: map[string]int64{"n": 1}}}})
				mu.Lock()
				switch {
				case err == nil:
					acked++
				case errors.Is(err, sessnode.ErrUnknown):
					doubted++
				case !errors.Is(err, sessnode.ErrUnavailable):
					t.Errorf("Write(incr) = %v", err)
				}
				mu.Unlock()
			}
		})
	}
	count := func() int64 { mu.Lock(); defer mu.Unlock(); return acked }
	for round := range 4 {
		from := count()
		c.Await("work before the fault", func() bool { return count() > from+20 })
		leader := c.Leader()
		if round%2 == 0 {
			if err := c.Node(leader).Transfer(within(t, clustertest.Patience), ""); err != nil {
				t.Logf("transfer: %v", err)
			}
			continue
		}
		links.Of(leader).Cut()
		c.Await("another leader", func() bool {
			next := c.Node((leader + 1) % 3).Status(t.Context()).Leader
			return next != "" && next != c.Node(leader).ID()
		})
		links.Of(leader).Heal()
	}
	ended()
	workers.Wait()
	s, _, err := c.Node(1).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{})
	if err != nil {
		t.Fatal(err)
	}
	got := parse(t, s.Attrs["n"].Data)
	if got < acked || got > acked+doubted {
		t.Errorf("the counter is %d after %d acknowledged and %d doubtful increments", got, acked, doubted)
	}
	t.Logf("%d acknowledged, %d in doubt, counter %d", acked, doubted, got)
	converge(t, c)
}

func parse(t *testing.T, b []byte) (n int64) {
	t.Helper()
	for _, d := range b {
		if d < '0' || d > '9' {
			t.Fatalf("%q is no number", b)
		}
		n = 10*n + int64(d-'0')
	}
	return n
}

// converge waits until all nodes have the same state.
func converge(t *testing.T, c *clustertest.Cluster) {
	t.Helper()
	c.Await("equal states", func() bool {
		var first sessnode.Status
		for i, n := range c.Nodes() {
			s := n.Status(t.Context())
			if i == 0 {
				first = s
			}
			if s.Applied != first.Applied || s.StateHash != first.StateHash {
				return false
			}
		}
		return true
	})
}

// TestTransferMovesLeadership asks a follower to move leadership to itself by name.
func TestTransferMovesLeadership(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	to := c.Follower()
	c.HandOver(to)
	if err := c.Ask(func(ctx context.Context) error { return c.Node(to).Transfer(ctx, "nobody") }); !errors.Is(err, sessnode.ErrInvalid) {
		t.Errorf("Transfer(nobody) = %v, want ErrInvalid", err)
	}
	m, _ := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(c.Follower()), m)
}

// TestRestartKeepsEverything stops all nodes at once and starts them again, also from a snapshot.
func TestRestartKeepsEverything(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	m, key := clustertest.Create("web", "ada")
	first := mustWrite(t, c.Node(1), m)
	if err := c.Node(0).Snapshot(within(t, clustertest.Patience)); err != nil {
		t.Fatal(err)
	}
	second, later := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(2), second)
	for i := range 3 {
		c.Stop(i)
	}
	for i := range 3 {
		c.Start(i)
	}
	for i := range 3 {
		c.AwaitReady(i)
		for _, k := range []sessnode.Key{key, later} {
			if _, _, err := c.Node(i).Session(within(t, clustertest.Patience), "web", k, sessnode.Read{}); err != nil {
				t.Errorf("node %d after the restart: %v", i, err)
			}
		}
	}
	again, err := c.Node(0).Write(within(t, clustertest.Patience), m)
	if err != nil || !again.Replayed || again.Session.ID != first.Session.ID {
		t.Errorf("the same operation after the restart = %+v, %v, want the first effect", again, err)
	}
	converge(t, c)
}

// TestDrainHandsOver drains the leader: it is not ready, another leads, and what it had written is there.
func TestDrainHandsOver(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	leader := c.Leader()
	n := c.Node(leader)
	if err := n.Drain(within(t, clustertest.Patience)); err != nil {
		t.Fatalf("Drain() = %v", err)
	}
	if clustertest.Ready(n) {
		t.Error("a drained node is ready")
	}
	c.Await("the drained node not to lead", func() bool { return n.Status(t.Context()).Leader != n.ID() })
	m, _ := clustertest.Create("web", "ada")
	if _, err := n.Write(within(t, time.Second), m); !errors.Is(err, sessnode.ErrUnavailable) {
		t.Errorf("Write() at a drained node = %v, want ErrUnavailable", err)
	}
	mustWrite(t, c.Node((leader+1)%3), m)
}

// TestMinimumIsWaitedFor reads locally at a node that lags, with and without a position.
func TestMinimumIsWaitedFor(t *testing.T) {
	var links clustertest.Links
	c := clustertest.Start(t, 3, links.Wire)
	slow := c.Follower()
	links.Of(slow).Cut()
	m, key := clustertest.Create("web", "ada")
	effect := mustWrite(t, c.Node((slow+1)%3), m) // not at the leader: that may have been the slow one, until it was cut off
	read := sessnode.Read{Level: sessnode.Local, Min: effect.At, NoTouch: true}
	_, _, err := c.Node(slow).Session(within(t, 200*time.Millisecond), "web", key, read)
	if sessnode.ReasonOf(err) != sessnode.ReasonBehind || !errors.Is(err, sessnode.ErrUnavailable) {
		t.Errorf("Session(min ahead) = %v, want unavailable (behind)", err)
	}
	links.Of(slow).Heal()
	if _, _, err := c.Node(slow).Session(within(t, clustertest.Patience), "web", key, read); err != nil {
		t.Errorf("Session(min) after the heal = %v", err)
	}
	read.Min.Generation++
	_, _, err = c.Node(slow).Session(within(t, time.Second), "web", key, read)
	if sessnode.ReasonOf(err) != sessnode.ReasonGeneration {
		t.Errorf("Session(min of another generation) = %v, want unavailable (generation)", err)
	}
}

// TestBoundedReadsNeedNoRound reads within the bound of an earlier round, and past it; absence is confirmed all the same.
func TestBoundedReadsNeedNoRound(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	n := c.Node(c.Follower())
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, n, m)
	read := func(r sessnode.Read, k sessnode.Key) (rounds uint64, err error) {
		before := n.Stats().Reads.Rounds
		_, _, err = n.Session(within(t, clustertest.Patience), "web", k, r)
		return n.Stats().Reads.Rounds - before, err
	}
	if _, err := read(sessnode.Read{}, key); err != nil {
		t.Fatal(err)
	}
	bounded := sessnode.Read{Level: sessnode.Bounded, Bound: time.Hour}
	if rounds, err := read(bounded, key); err != nil || rounds != 0 {
		t.Errorf("bounded read = %d rounds, %v, want none", rounds, err)
	}
	if rounds, err := read(bounded, sessnode.NewToken().Key()); !errors.Is(err, sessnode.ErrNotFound) || rounds == 0 {
		t.Errorf("bounded read of nothing = %d rounds, %v, want a round and not found", rounds, err)
	}
	bounded.Bound = time.Nanosecond
	if rounds, err := read(bounded, key); err != nil || rounds == 0 {
		t.Errorf("bounded read past its bound = %d rounds, %v, want one", rounds, err)
	}
}

// TestReadsDoNotWaitForTheNextEntry reads at a follower what was written elsewhere a moment before. Without the leader's word Raft
// lets it wait for 50 ms at least; one quick one of some tries is enough, because machines that build are slow.
func TestReadsDoNotWaitForTheNextEntry(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	quickest, took, tries := time.Hour, time.Hour, 0
	for ; tries < 200 && quickest > 30*time.Millisecond; tries++ {
		c.InOneTerm("a read at a follower", func(leader int) {
			m, key := clustertest.Create("web", "ada")
			mustWrite(t, c.Node(leader), m)
			begin := time.Now()
			if _, _, err := c.Node((leader+1)%3).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil {
				t.Fatal(err)
			}
			took = time.Since(begin)
		})
		quickest = min(quickest, took)
	}
	if quickest > 30*time.Millisecond {
		t.Errorf("the quickest of %d reads after a write took %v", tries, quickest)
	}
}

// TestLaggingNodeGetsASnapshot cuts a follower off until its place in the log is gone.
func TestLaggingNodeGetsASnapshot(t *testing.T) {
	var links clustertest.Links
	c := clustertest.Start(t, 3, func(i int, cfg *cluster.Config) {
		links.Wire(i, cfg)
		cfg.Limits.TrailingLog = 1
	})
	lagging := c.Follower()
	links.Of(lagging).Cut()
	n := c.Node((lagging + 1) % 3) // not the leader: that may have been the lagging one, until it was cut off
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, n, m)
	for range 400 {
		mustWrite(t, n, sessnode.Mutation{App: "web", Actor: "test", Change: sessnode.Patch{Key: key, Edit: sessnode.Edit{Incr: map[string]int64{"n": 1}}}})
	}
	for i := range 3 {
		if i != lagging {
			if err := c.Node(i).Snapshot(within(t, clustertest.Patience)); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := c.Node(lagging).Stats().Log.Entries
	links.Of(lagging).Heal()
	s, _, err := c.Node(lagging).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{NoTouch: true})
	if err != nil || string(s.Attrs["n"].Data) != "400" {
		t.Fatalf("read at the lagging node: %+v, %v", s.Attrs, err)
	}
	if got := c.Node(lagging).Stats().Log.Entries - before; got >= 400 {
		t.Errorf("it got %d entries: the log was not cut, and the snapshot not needed", got)
	}
	converge(t, c)
}
