package cluster

import (
	"bytes"
	"io"
	"testing"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/clock"
	"github.com/sessnode/sessnode/cluster/raftlog"
	"github.com/sessnode/sessnode/fsm"
)

// TestFollowerThatGetsOneSnapshotForEverStops installs one snapshot again and again: with an entry appended in between the follower is
// slow, without one it is stuck.
func TestFollowerThatGetsOneSnapshotForEverStops(t *testing.T) {
	source := fsm.New()
	source.Skip(7)
	var written bytes.Buffer
	s := source.Snapshot()
	if err := s.Write(&written); err != nil {
		t.Fatal(err)
	}
	s.Release()

	failures := 0
	livelock := &raftlog.Livelock{OnFailure: func(error) { failures++ }}
	r := &replica{machine: fsm.New(), estimate: clock.NewEstimate(clock.System(0)), installed: livelock.Installed, begun: func() {}}
	log := noticing{raft.NewInmemStore(), livelock}
	install := func() {
		if err := r.Restore(io.NopCloser(bytes.NewReader(written.Bytes()))); err != nil {
			t.Fatal(err)
		}
	}
	for range 4 {
		install()
		if err := log.StoreLog(&raft.Log{Index: 8, Term: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if failures != 0 {
		t.Fatal("a follower that appends was stopped")
	}
	for range 3 {
		install()
	}
	if failures != 1 {
		t.Errorf("%d failures after three installs of one snapshot without an append, want 1", failures)
	}
}
