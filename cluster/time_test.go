package cluster_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// short makes a session that idles out two seconds after its last use; it is enforced 1 s (touch resolution) and 5 s (slack) later.
func short(subject string) (sessnode.Mutation, sessnode.Key) {
	m, key := clustertest.Create("web", subject)
	c := m.Change.(sessnode.Create)
	c.Timeouts.Idle = 2 * time.Second
	m.Change = c
	return m, key
}

const shortEnforced = 8 * time.Second

// TestDeadlineIsSeenAtOnceAtEveryNode lets a deadline pass in an idle cluster: the very next read, at any node and of any kind, sees
// it, although no batch has told the log of the time.
func TestDeadlineIsSeenAtOnceAtEveryNode(t *testing.T) {
	clk := clustertest.NewClock()
	c := clustertest.Start(t, 3, clk.Set)
	clk.Hold()
	for i := range c.Size() {
		m, key := short("ada")
		effect := mustWrite(t, c.Node(i), m)
		clk.Advance(shortEnforced - time.Second)
		if _, _, err := c.Node(i).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{NoTouch: true}); err != nil {
			t.Fatalf("a second before the deadline: %v", err)
		}
		clk.Advance(1100 * time.Millisecond)
		n := c.Node((i + 1) % 3)
		switch i {
		case 0:
			_, _, err := n.Session(within(t, clustertest.Patience), "web", key, sessnode.Read{})
			if !errors.Is(err, sessnode.ErrNotFound) || sessnode.ReasonOf(err) != sessnode.ReasonExpired {
				t.Errorf("Session() past the deadline = %v, want not found (expired)", err)
			}
		case 1:
			if list, _, err := n.Subject(within(t, clustertest.Patience), "web", "ada", false, sessnode.Read{}); err != nil || len(list) != 0 {
				t.Errorf("Subject() past the deadline = %v, %v", list, err)
			}
		case 2:
			list, _, err := n.Why(within(t, clustertest.Patience), "web", effect.Session.ID, "")
			if err != nil || len(list) != 1 || list[0].Reason != sessnode.ReasonExpired {
				t.Errorf("Why() past the deadline = %v, %v", list, err)
			}
		}
	}
}

// TestIdleClusterWritesNothing watches a cluster without sessions, and one that expires its last: then the log stands still.
func TestIdleClusterWritesNothing(t *testing.T) {
	clk := clustertest.NewClock()
	c := clustertest.Start(t, 1, func(i int, cfg *cluster.Config) { clk.Set(i, cfg); cfg.Seams.CheckAfter = time.Millisecond })
	n := c.Node(0)
	m, _ := short("ada")
	m.OpID = sessnode.OpID{}
	mustWrite(t, n, m)
	clk.Advance(time.Hour)
	c.Await("the session to become a tombstone", func() bool { return n.Stats().State.Tombstones == 1 })
	clk.Advance(24 * time.Hour)
	c.Await("everything to be cleaned up", func() bool {
		s := n.Stats().State
		return s.Sessions+s.Tombstones+s.Remembered == 0
	})
	c.Await("the log to stand still", func() bool {
		before := n.Stats().Log.Appends
		timer := time.NewTimer(time.Second) // four looks of the leader
		<-timer.C
		return n.Stats().Log.Appends == before
	})
}

// TestWhatIsPutOffCostsTheLogNothing lets the time pass at which a session would have ended but for a touch: that is no reason to write.
func TestWhatIsPutOffCostsTheLogNothing(t *testing.T) {
	clk := clustertest.NewClock()
	c := clustertest.Start(t, 1, func(i int, cfg *cluster.Config) { clk.Set(i, cfg); cfg.Seams.CheckAfter = time.Millisecond })
	clk.Hold()
	n := c.Node(0)
	m, key := short("ada")
	mustWrite(t, n, m)
	clk.Advance(shortEnforced / 2)
	mustWrite(t, n, sessnode.Mutation{App: "web", OpID: sessnode.NewOpID(), Actor: "test", Change: sessnode.TouchOne{Key: key}})
	appends := func() uint64 { return n.Stats().Log.Appends }
	looks := func() { // four of the leader
		timer := time.NewTimer(time.Second)
		<-timer.C
	}
	c.Await("the log to stand still", func() bool {
		before := appends()
		looks()
		return appends() == before
	})
	before := appends()
	clk.Advance(shortEnforced * 3 / 4)
	looks()
	if after := appends(); after != before {
		t.Errorf("%d entries were written when the session would have ended without the touch", after-before)
	}
	clk.Advance(shortEnforced / 2)
	c.Await("the session to become a tombstone", func() bool { return n.Stats().State.Tombstones == 1 })
}

// TestReadNearTheEndRecordsItself reads a session with little time left, again and again: it never ends.
func TestReadNearTheEndRecordsItself(t *testing.T) {
	clk := clustertest.NewClock()
	c := clustertest.Start(t, 3, clk.Set)
	clk.Hold()
	m, key := short("ada")
	mustWrite(t, c.Node(0), m)
	for i := range 9 {
		clk.Advance(shortEnforced - 500*time.Millisecond)
		s, _, err := c.Node(i%3).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{})
		if err != nil {
			t.Fatalf("read %d, half a second before the end: %v", i, err)
		}
		if left := s.Enforced.Sub(clk.Wall()); left < 6*time.Second {
			t.Errorf("read %d: the answer says that %v are left", i, left)
		}
	}
	clk.Advance(shortEnforced + 500*time.Millisecond)
	if _, _, err := c.Node(0).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); !errors.Is(err, sessnode.ErrNotFound) {
		t.Errorf("unused, the session is still there: %v", err)
	}
}

// TestReadsAreGatheredIntoTouches reads often, and finds the activity in the log a little later at little cost.
func TestReadsAreGatheredIntoTouches(t *testing.T) {
	clk := clustertest.NewClock()
	c := clustertest.Start(t, 3, clk.Set)
	n := c.Node(c.Follower())
	m, key := short("ada")
	created := mustWrite(t, n, m).Session.Touched
	clk.Advance(2 * time.Second)
	before, began := n.Stats().Writes.Forwarded, time.Now()
	for range 50 {
		if _, _, err := n.Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil {
			t.Fatal(err)
		}
	}
	c.Await("the touch in the log", func() bool {
		s, _, err := n.Session(within(t, clustertest.Patience), "web", key, sessnode.Read{NoTouch: true})
		return err == nil && s.Touched.Sub(created) >= 2*time.Second
	})
	took := time.Since(began) // of the machine: so often may a second have begun
	if sent, most := n.Stats().Writes.Forwarded-before, 2+uint64(took/time.Second); sent > most {
		t.Errorf("50 reads cost %d changes in %v, want %d at most: one a second", sent, took, most)
	}
}

// TestFirstUseIsSentAtOnce uses a rotated token once: the old one dies after the grace, and not only after two minutes.
func TestFirstUseIsSentAtOnce(t *testing.T) {
	clk := clustertest.NewClock()
	c := clustertest.Start(t, 3, clk.Set)
	clk.Hold()
	n := c.Node(c.Follower())
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, n, m)
	next := sessnode.NewToken()
	mustWrite(t, n, sessnode.Mutation{App: "web", OpID: sessnode.NewOpID(), Actor: "test",
		Change: sessnode.Rotate{Key: key, NewKey: next.Key(), TokenChars: 43}})
	read := func(k sessnode.Key) error {
		_, _, err := n.Session(within(t, clustertest.Patience), "web", k, sessnode.Read{})
		return err
	}
	if err := read(next.Key()); err != nil {
		t.Fatal(err)
	}
	c.Await("the touch in the log", func() bool { return n.Stats().State.Touched > 0 })
	if err := read(key); err != nil {
		t.Fatalf("the old token within its grace: %v", err)
	}
	clk.Advance(11 * time.Second)
	if err := read(key); sessnode.ReasonOf(err) != sessnode.ReasonRotated {
		t.Errorf("the old token after its grace: %v, want not found (rotated)", err)
	}
	if err := read(next.Key()); err != nil {
		t.Errorf("the new token: %v", err)
	}
}

// TestOneWrongClockChangesNothing runs a cluster in which one node's wall clock is an hour off, and lets each lead in turn.
func TestOneWrongClockChangesNothing(t *testing.T) {
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		c := clustertest.Start(t, 3, func(i int, cfg *cluster.Config) {
			if i == 1 {
				cfg.Seams.ClockOffset = off
				cfg.Seams.Clock = nil
			}
		})
		m, key := clustertest.Create("web", "ada") // which idles out after half an hour
		mustWrite(t, c.Node(0), m)
		for i := range 3 {
			c.HandOver(i)
			if _, _, err := c.Node(i).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil {
				t.Errorf("clock %v off, leader %d: %v", off, i, err)
			}
			other, _ := clustertest.Create("web", "bob")
			mustWrite(t, c.Node(i), other)
			if drift := time.Since(c.Node(i).Status(t.Context()).Now); drift.Abs() > 3*time.Second {
				t.Errorf("clock %v off, leader %d: cluster time is %v behind", off, i, drift)
			}
		}
	}
}
