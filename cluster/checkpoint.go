package cluster

import (
	"sync"
	"time"

	"github.com/sessnode/sessnode/fsm"
)

const (
	// checkEvery is how many batches, and checkAfter how much time, pass between two checkpoints while anything is written.
	// The time can be set for tests.
	checkEvery = 1024
	checkAfter = 10 * time.Second
)

// checkpoints decides when the leader writes the hash of its state into the log, for the replicas to compare theirs with.
type checkpoints struct {
	after time.Duration

	mu      sync.Mutex
	batches int       // since the last checkpoint
	dirty   bool      // something was written since
	last    time.Time // zero at the start of a term: what is written first is checked at once
}

// next returns the checkpoint for the batch about to be written, usually the zero one. It covers what is applied so far: not
// the batch itself, which holds operations if written, and not what is in flight unless alone.
func (c *checkpoints) next(m *fsm.Machine, written, alone bool) fsm.Checkpoint {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.batches++
	due := c.due()
	c.dirty = c.dirty && !(due && alone) || written
	if !due {
		return fsm.Checkpoint{}
	}
	at, _ := m.At()
	hash, known := m.HashAt(at.Index)
	if !known {
		return fsm.Checkpoint{}
	}
	c.batches, c.last = 0, time.Now()
	return fsm.Checkpoint{Index: at.Index, Hash: hash}
}

// overdue reports whether writing has ceased without a checkpoint of what was written last.
func (b *batcher) overdue() bool {
	b.checks.mu.Lock()
	defer b.checks.mu.Unlock()
	return b.checks.due()
}

// due reports whether a checkpoint should be written. The caller holds c.mu.
func (c *checkpoints) due() bool {
	return c.dirty && (c.batches >= checkEvery || time.Since(c.last) >= c.after)
}
