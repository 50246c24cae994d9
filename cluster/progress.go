package cluster

import (
	"context"
	"sync/atomic"
)

// progress is how much of the log this node's state machine has applied. Raft's own AppliedIndex runs ahead of it: that one
// counts what was handed over, not what was applied. The zero value is ready.
type progress struct {
	index   atomic.Uint64
	changed signal
}

// set records the applied index and wakes those who wait. Installing a snapshot may set it back only if the state went back.
func (p *progress) set(index uint64) {
	p.index.Store(index)
	p.changed.fire()
}

// wait returns nil once at least index is applied, or the context's error.
func (p *progress) wait(ctx context.Context, index uint64) error {
	for p.index.Load() < index {
		changed := p.changed.wait()
		if p.index.Load() >= index {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
