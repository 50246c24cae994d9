package membership

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a leader "a" with everything around it faked.
type world struct {
	raft     *fakeRaft
	gossip   *fakeGossip
	progress *fakeProgress
	*Reconciler
}

func newWorld(t *testing.T, voters ...string) *world {
	t.Helper()
	w := &world{raft: &fakeRaft{index: 7}, gossip: newFakeGossip(), progress: &fakeProgress{lag: map[raft.ServerID]uint64{}}}
	for _, id := range voters {
		w.raft.config.Servers = append(w.raft.config.Servers, raft.Server{ID: raft.ServerID(id), Address: raft.ServerAddress(id + ":1")})
		w.gossip.show(id, id+":1", true)
	}
	var err error
	w.Reconciler, err = NewReconciler(Config{
		Raft: w.raft, Gossip: w.gossip, Progress: w.progress, Logger: slog.New(slog.DiscardHandler),
		Identity: func() (string, uint64) { return "k", 1 },
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// lead runs the reconciler in a bubble of fake time, around story.
func (w *world) lead(t *testing.T, story func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	synctest.Wait()
	story()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run() = %v, want context.Canceled", err)
	}
}

// after lets fake time pass.
func after(d time.Duration) {
	time.Sleep(d) // inside a synctest bubble: no real time passes
	synctest.Wait()
}

func (w *world) mustHaveChanged(t *testing.T, want ...string) {
	t.Helper()
	w.raft.mu.Lock()
	defer w.raft.mu.Unlock()
	if !slices.Equal(w.raft.changes, want) {
		t.Errorf("changes = %q, want %q", w.raft.changes, want)
	}
}

func TestNewNodesAreAddedAtOnceAndVoteOnceTheyKeptUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a")
		w.lead(t, func() {
			w.gossip.show("b", "b:1", true)
			w.gossip.show("c", "c:1", true)
			synctest.Wait()
			added := []string{"b b:1 Nonvoter", "c c:1 Nonvoter"}
			w.mustHaveChanged(t, added...)
			w.progress.set("b", 0)
			w.progress.set("c", 1000)
			after(time.Minute)
			w.mustHaveChanged(t, added...)
			w.progress.set("c", 3)
			after(9 * time.Second)
			w.mustHaveChanged(t, added...)
			after(3 * time.Second)
			w.mustHaveChanged(t, append(added, "b b:1 Voter", "c c:1 Voter")...)
		})
	})
}

func TestOneBadMeasurementStartsTheWaitAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b") // an even number: one more is welcome
		w.gossip.show("c", "c:1", true)
		w.progress.set("c", 0)
		w.lead(t, func() {
			after(8 * time.Second)
			w.progress.set("c", 65)
			after(time.Second)
			w.progress.set("c", 0)
			after(8 * time.Second)
			w.mustHaveChanged(t, "c c:1 Nonvoter")
			if got := w.Waiting(); len(got) != 1 || got[0].ID != "c" {
				t.Errorf("Waiting() = %v, want c", got)
			}
			after(4 * time.Second)
			w.mustHaveChanged(t, "c c:1 Nonvoter", "c c:1 Voter")
		})
		if got := w.Waiting(); len(got) != 0 {
			t.Errorf("Waiting() without leadership = %v, want nothing", got)
		}
	})
}

func TestSilentNodesChangeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b", "c")
		w.lead(t, func() {
			for _, id := range []string{"a", "b", "c"} {
				w.gossip.show(id, id+":1", false)
			}
			after(time.Hour)
			w.mustHaveChanged(t)
		})
	})
}

func TestAMovedVoterStaysAVoterAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b", "c")
		w.lead(t, func() {
			w.gossip.show("b", "b:2", true)
			synctest.Wait()
			w.mustHaveChanged(t, "b b:2 Voter")
		})
	})
}

func TestAChangeThatLostTheRaceIsJudgedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b", "c")
		w.raft.sneak = func() { // somebody else adds the very node, elsewhere
			w.raft.config.Servers = append(w.raft.config.Servers, raft.Server{ID: "d", Address: "d:9", Suffrage: raft.Nonvoter})
			w.raft.index++
		}
		w.gossip.show("d", "d:1", true)
		w.lead(t, func() {
			w.mustHaveChanged(t)
			after(2 * time.Second)
			w.mustHaveChanged(t, "d d:1 Nonvoter")
		})
	})
}

func TestAFailedChangeIsTriedAgainWithoutHaste(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "a", "b", "c")
		w.raft.fail = raft.ErrEnqueueTimeout
		w.gossip.show("d", "d:1", true)
		w.lead(t, func() {
			w.gossip.show("a", "a:1", true) // news do not hurry it
			synctest.Wait()
			w.mustHaveChanged(t)
			after(time.Second)
			w.mustHaveChanged(t, "d d:1 Nonvoter")
		})
	})
}

func TestWithoutAnIndexNothingIsChanged(t *testing.T) {
	w := newWorld(t, "a")
	w.raft.index = 0
	w.gossip.show("b", "b:1", true)
	if acted, err := w.round(t.Context(), newTracks()); acted || err == nil {
		t.Errorf("round() = %v, %v, want an error", acted, err)
	}
	w.mustHaveChanged(t)
}

func TestReconcilerIsRefusedWithAllFaults(t *testing.T) {
	_, err := NewReconciler(Config{Rules: Rules{MaxVoters: 2}})
	for _, want := range []string{"max voters is 2", "Progress"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewReconciler() = %v, want it to name %q", err, want)
		}
	}
}
