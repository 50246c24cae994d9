package cluster_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"

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
	if _, err := c.Node(other).Write(within(t, 20*time.Second), revoke); err != nil {
		t.Fatalf("Write(Revoke) at the majority = %v", err)
	}
	s, _, err := c.Node(old).Session(within(t, 500*time.Millisecond), "web", key, sessnode.Read{})
	if !errors.Is(err, sessnode.ErrUnavailable) {
		t.Fatalf("Session() at the cut-off leader = %+v, %v, want ErrUnavailable", s, err)
	}
	links.Of(old).Heal()
	c.Await("the old leader to answer again", func() bool {
		_, _, err := c.Node(old).Session(within(t, 5*time.Second), "web", key, sessnode.Read{})
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
				_, err := c.Node(i%3).Write(within(t, 10*time.Second), sessnode.Mutation{App: "web", Actor: "test",
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
			if err := c.Node(leader).Transfer(within(t, 5*time.Second), ""); err != nil {
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
	s, _, err := c.Node(1).Session(within(t, 20*time.Second), "web", key, sessnode.Read{})
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
	if err := c.Node(to).Transfer(within(t, 10*time.Second), "nobody"); !errors.Is(err, sessnode.ErrInvalid) {
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
	if err := c.Node(0).Snapshot(within(t, 10*time.Second)); err != nil {
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
			if _, _, err := c.Node(i).Session(within(t, 20*time.Second), "web", k, sessnode.Read{}); err != nil {
				t.Errorf("node %d after the restart: %v", i, err)
			}
		}
	}
	again, err := c.Node(0).Write(within(t, 20*time.Second), m)
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
	if err := n.Drain(within(t, 10*time.Second)); err != nil {
		t.Fatalf("Drain() = %v", err)
	}
	if clustertest.Ready(n) {
		t.Error("a drained node is ready")
	}
	if s := n.Status(t.Context()); s.Leader == n.ID() {
		t.Error("a drained node still leads")
	}
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
	effect := mustWrite(t, c.Node(c.Leader()), m)
	read := sessnode.Read{Level: sessnode.Local, Min: effect.At, NoTouch: true}
	_, _, err := c.Node(slow).Session(within(t, 200*time.Millisecond), "web", key, read)
	if sessnode.ReasonOf(err) != sessnode.ReasonBehind || !errors.Is(err, sessnode.ErrUnavailable) {
		t.Errorf("Session(min ahead) = %v, want unavailable (behind)", err)
	}
	links.Of(slow).Heal()
	if _, _, err := c.Node(slow).Session(within(t, 20*time.Second), "web", key, read); err != nil {
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
		_, _, err = n.Session(within(t, 5*time.Second), "web", k, r)
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

// heldDisk is a log store that hangs in appends while it is held.
type heldDisk struct {
	cluster.LogStore
	held *atomic.Pointer[chan struct{}]
}

func (d heldDisk) StoreLogs(logs []*raft.Log) error {
	if held := d.held.Load(); held != nil {
		<-*held
	}
	return d.LogStore.StoreLogs(logs)
}

func (d heldDisk) StoreLog(l *raft.Log) error { return d.StoreLogs([]*raft.Log{l}) }

// TestLeaderWithAStalledDiskGivesWay holds the leader's disk: it stops itself, and the others elect another, although Raft alone would
// keep its heartbeats going for ever (hashicorp/raft#503).
func TestLeaderWithAStalledDiskGivesWay(t *testing.T) {
	var held [3]atomic.Pointer[chan struct{}]
	failed := make(chan int, 3)
	c := clustertest.Start(t, 3, func(i int, cfg *cluster.Config) {
		cfg.Limits.StallTimeout = time.Second
		cfg.Seams.WrapLog = func(s cluster.LogStore) cluster.LogStore { return heldDisk{s, &held[i]} }
		cfg.OnFailure = func(error) { failed <- i }
	})
	leader := c.Leader()
	release := make(chan struct{})
	t.Cleanup(sync.OnceFunc(func() { close(release) })) // before the nodes are closed
	held[leader].Store(&release)
	m, key := clustertest.Create("web", "ada")
	other := c.Node((leader + 1) % 3)
	if _, err := other.Write(within(t, 25*time.Second), m); err != nil {
		t.Fatalf("Write() with the leader's disk stalled = %v", err)
	}
	if i := <-failed; i != leader {
		t.Errorf("node %d stopped itself, want %d", i, leader)
	}
	if _, _, err := other.Session(within(t, 10*time.Second), "web", key, sessnode.Read{}); err != nil {
		t.Error(err)
	}
}

// TestReadsDoNotWaitForTheNextEntry reads at a follower what was written elsewhere a moment before. Without the leader's word Raft
// lets it wait for 50 ms at least; the quickest of some tries is looked at, because machines that build are slow.
func TestReadsDoNotWaitForTheNextEntry(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	leader := c.Leader()
	quickest := time.Hour
	for range 20 {
		m, key := clustertest.Create("web", "ada")
		mustWrite(t, c.Node(leader), m)
		begin := time.Now()
		if _, _, err := c.Node((leader+1)%3).Session(within(t, 10*time.Second), "web", key, sessnode.Read{}); err != nil {
			t.Fatal(err)
		}
		quickest = min(quickest, time.Since(begin))
	}
	t.Logf("quickest read: %v", quickest)
	if quickest > 30*time.Millisecond {
		t.Errorf("the quickest of 20 reads after a write took %v", quickest)
	}
}

// TestLeaderWithoutAMajorityDoesNotKnow holds the disks of both followers: a change that the leader has written is in doubt, and one
// for which there is no leader any more is certainly not made. Once the disks go on, the same operation is made once.
func TestLeaderWithoutAMajorityDoesNotKnow(t *testing.T) {
	var held [3]atomic.Pointer[chan struct{}]
	c := clustertest.Start(t, 3, func(i int, cfg *cluster.Config) {
		cfg.Seams.WrapLog = func(s cluster.LogStore) cluster.LogStore { return heldDisk{s, &held[i]} }
	})
	leader := c.Leader()
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(leader), m)
	converge(t, c)
	gate := make(chan struct{})
	release := sync.OnceFunc(func() {
		for i := range held {
			held[i].Store(nil)
		}
		close(gate)
	})
	t.Cleanup(release)
	for i := range 3 {
		if i != leader {
			held[i].Store(&gate)
		}
	}
	incr := sessnode.Mutation{App: "web", OpID: sessnode.NewOpID(), Actor: "test",
		Change: sessnode.Patch{Key: key, Edit: sessnode.Edit{Incr: map[string]int64{"n": 1}}}}
	if _, err := c.Node(leader).Write(within(t, time.Second), incr); !errors.Is(err, sessnode.ErrUnknown) {
		t.Errorf("Write() without a majority = %v, want ErrUnknown", err)
	}
	c.Await("the leader to step down", func() bool { return c.Node(leader).Status(t.Context()).Leader != c.Node(leader).ID() })
	other, _ := clustertest.Create("web", "bob")
	if _, err := c.Node(leader).Write(within(t, 500*time.Millisecond), other); !errors.Is(err, sessnode.ErrUnavailable) {
		t.Errorf("Write() without a leader = %v, want ErrUnavailable", err)
	}
	release()
	effect, err := c.Node((leader+1)%3).Write(within(t, 20*time.Second), incr)
	if err != nil || string(effect.Values["n"].Data) != "1" {
		t.Errorf("the same operation later = %+v, %v, want n = 1", effect, err)
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
	n := c.Node(c.Leader())
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, n, m)
	for range 400 {
		mustWrite(t, n, sessnode.Mutation{App: "web", Actor: "test", Change: sessnode.Patch{Key: key, Edit: sessnode.Edit{Incr: map[string]int64{"n": 1}}}})
	}
	for i := range 3 {
		if i != lagging {
			if err := c.Node(i).Snapshot(within(t, 10*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := c.Node(lagging).Stats().Log.Entries
	links.Of(lagging).Heal()
	s, _, err := c.Node(lagging).Session(within(t, 25*time.Second), "web", key, sessnode.Read{NoTouch: true})
	if err != nil || string(s.Attrs["n"].Data) != "400" {
		t.Fatalf("read at the lagging node: %+v, %v", s.Attrs, err)
	}
	if got := c.Node(lagging).Stats().Log.Entries - before; got >= 400 {
		t.Errorf("it got %d entries: the log was not cut, and the snapshot not needed", got)
	}
	converge(t, c)
}
