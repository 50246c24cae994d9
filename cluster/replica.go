package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/clock"
	"github.com/sessnode/sessnode/fsm"
)

// errStopped is what Raft gets from a state machine that must not go on.
var errStopped = errors.New("the state machine has stopped")

// applied is what Raft's future carries for one log entry.
type applied struct {
	results []fsm.Result
	err     error
}

// replica is the state machine under Raft. Raft calls it on one goroutine; everybody else reads machine and progress.
type replica struct {
	machine  *fsm.Machine
	progress progress
	estimate *clock.Estimate

	logBytes   atomic.Uint64 // of entries applied since the last snapshot
	logEntries atomic.Uint64
	configured atomic.Uint64 // index of the last configuration entry seen
	stopped    atomic.Bool

	ctx context.Context // ends with the node: then no snapshot is written to its end
	dir string          // the node's data directory; set before Raft starts

	tamper    func([]byte) []byte // tests only
	fail      func(error)         // must not block
	installed func(index uint64)  // a snapshot replaced the state; must not block
	mismatch  func(fsm.Mismatch)  // must not block
	begun     func()              // the state belongs to another generation than before; must not block

	generation uint64 // of the state after the last entry; Raft's goroutine only
}

var (
	_ raft.BatchingFSM = (*replica)(nil)
	_ raft.FSMSnapshot = (*capture)(nil)
)

// Apply applies one entry.
func (r *replica) Apply(l *raft.Log) any { return r.ApplyBatch([]*raft.Log{l})[0] }

// ApplyBatch applies committed entries in order. After a fatal error it applies nothing more: skipping an entry would be
// divergence.
func (r *replica) ApplyBatch(logs []*raft.Log) []any {
	out := make([]any, len(logs))
	for i, l := range logs {
		out[i] = r.one(l)
	}
	if !r.stopped.Load() {
		r.publish(r.estimate.Learn)
	}
	return out
}

// publish tells the rest of the node what the state is now.
func (r *replica) publish(learn func(stamp int64)) {
	at, now := r.machine.At()
	learn(now)
	r.progress.set(at.Index)
	if at.Generation != r.generation {
		r.generation = at.Generation
		r.begun()
	}
}

func (r *replica) one(l *raft.Log) applied {
	if r.stopped.Load() {
		return applied{err: errStopped}
	}
	r.logBytes.Add(uint64(len(l.Data)))
	r.logEntries.Add(1)
	if l.Type != raft.LogCommand {
		if l.Type == raft.LogConfiguration {
			r.configured.Store(l.Index)
		}
		r.machine.Skip(l.Index)
		return applied{}
	}
	data := l.Data
	if r.tamper != nil {
		data = r.tamper(data)
	}
	results, mismatch, err := r.machine.Apply(l.Index, data)
	if err != nil {
		r.stop(fmt.Errorf("log entry %d of term %d cannot be applied: %w", l.Index, l.Term, err))
		return applied{err: errStopped}
	}
	if mismatch != nil {
		r.mismatch(*mismatch)
	}
	return applied{results: results}
}

// stop freezes the state and reports why, once.
func (r *replica) stop(err error) {
	if r.stopped.CompareAndSwap(false, true) {
		r.fail(err)
	}
}
