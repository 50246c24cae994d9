package cluster

import (
	"fmt"
	"io"
	"runtime"
	"sync/atomic"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/fsm"
)

// Snapshot captures the state in microseconds; Raft's applying goroutine waits for it.
func (r *replica) Snapshot() (raft.FSMSnapshot, error) {
	if r.stopped.Load() {
		return nil, errStopped
	}
	return &capture{state: r.machine.Snapshot(), replica: r, bytes: r.logBytes.Load(), entries: r.logEntries.Load()}, nil
}

// Restore replaces the state by a snapshot, which is verified in full before anything is replaced: reads are served from the
// old state meanwhile. Raft calls it at the start and when the leader installs a snapshot.
func (r *replica) Restore(source io.ReadCloser) error {
	defer func() { _ = source.Close() }()
	if err := r.machine.Restore(source); err != nil {
		return err
	}
	r.logBytes.Store(0)
	r.logEntries.Store(0)
	r.publish(r.estimate.Replace)
	at, _ := r.machine.At()
	r.installed(at.Index)
	// The old state lies outside of Go's heap and goes with the next collection, which may be far off: the heap itself is small.
	runtime.GC()
	return nil
}

// capture is a state that is being written while the machine goes on.
type capture struct {
	state          *fsm.Snapshot
	replica        *replica
	bytes, entries uint64 // of the log that it covers since the snapshot before
}

// Persist writes the snapshot, slowly. Raft discards it unless Persist returns nil.
func (c *capture) Persist(sink raft.SnapshotSink) error {
	flush, release := flusher(c.replica.dir, sink)
	defer release()
	if err := c.state.Write(newPaced(c.replica.ctx, sink, flush)); err != nil {
		_ = sink.Cancel()
		return fmt.Errorf("write snapshot %s: %w", sink.ID(), err)
	}
	if err := sink.Close(); err != nil {
		return fmt.Errorf("close snapshot %s: %w", sink.ID(), err)
	}
	subtract(&c.replica.logBytes, c.bytes)
	subtract(&c.replica.logEntries, c.entries)
	return nil
}

// Release lets go of the captured state.
func (c *capture) Release() { c.state.Release() }

// subtract lowers a counter, not below zero: a restore may have reset it meanwhile.
func subtract(counter *atomic.Uint64, by uint64) {
	for {
		now := counter.Load()
		if counter.CompareAndSwap(now, now-min(now, by)) {
			return
		}
	}
}
