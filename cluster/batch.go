package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/clock"
	"github.com/sessnode/sessnode/fsm"
	"github.com/sessnode/sessnode/internal/sabotage"
)

const (
	// maxBatchBytes closes a batch. A larger operation goes alone, and fsm.EncodeOp keeps it below 512 KiB, the size above which
	// hashicorp/raft warns of leadership instability (raft.SuggestedMaxDataSize).
	maxBatchBytes = 256 << 10

	// enqueueTimeout is how long Raft's main loop may be too busy to take an entry: it writes to the disk meanwhile.
	enqueueTimeout = time.Second
)

// applier is what the batcher needs of Raft.
type applier interface {
	Apply(entry []byte, timeout time.Duration) raft.ApplyFuture
}

// batcher gathers what waits at the leader into log entries while earlier ones are being written: no timer, so nothing is
// delayed when the leader is idle. One batcher serves one term of office.
type batcher struct {
	raft    applier
	machine *fsm.Machine
	stamper *clock.Stamper
	queue   *queue
	slots   chan struct{} // one place for each batch that may be in flight
	checks  checkpoints
	counts  *writeCounts
	futures futures

	flying sync.WaitGroup
}

func newBatcher(r applier, f futures, m *fsm.Machine, s *clock.Stamper, cfg Config, c *writeCounts) *batcher {
	return &batcher{raft: r, futures: f, machine: m, stamper: s, queue: newQueue(), slots: make(chan struct{}, cfg.Limits.InFlight),
		checks: checkpoints{after: cfg.Seams.CheckAfter}, counts: c}
}

// run writes batches until ctx ends; then what waits is refused, and run returns once all batches in flight have an outcome.
func (b *batcher) run(ctx context.Context) {
	defer b.flying.Wait()
	defer b.queue.close()
	for {
		select {
		case b.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		batch := b.gather(ctx)
		if batch == nil {
			return
		}
		at, _ := b.machine.At()
		b.write(at.Generation, batch, func() { <-b.slots })
	}
}

// gather waits until something waits, and takes it. Nil means that ctx ended.
func (b *batcher) gather(ctx context.Context) []*pending {
	for {
		if ctx.Err() != nil {
			return nil
		}
		if batch := b.queue.take(fsm.MaxBatchOps, maxBatchBytes); len(batch) > 0 {
			return batch
		}
		select {
		case <-b.queue.wake:
		case <-ctx.Done():
			return nil
		}
	}
}

// write hands one batch to Raft. Entries get their stamps in the order in which Raft gets the entries: call it from one
// goroutine. landed is called when the outcome is known.
func (b *batcher) write(generation uint64, batch []*pending, landed func()) {
	ops := make([][]byte, 0, len(batch))
	for _, p := range batch {
		if len(p.op) > 0 {
			ops = append(ops, p.op)
		}
	}
	check := b.checks.next(b.machine, len(ops) > 0, len(b.slots) <= 1)
	header := fsm.Header{Generation: generation, Stamp: b.stamper.Stamp(), Check: check}
	entry := fsm.EncodeBatch(header, ops)
	b.counts.batch(len(ops), len(entry))
	future := b.raft.Apply(entry, enqueueTimeout)
	if sabotage.On(sabotage.AckBeforeCommit) {
		acknowledge(batch)
	}
	b.flying.Go(func() { // ends with the future, at the latest when Raft has shut down
		defer landed()
		settle(batch, future, b.futures.wait(context.Background(), future))
	})
}

// acknowledge claims success for what nobody has yet.
func acknowledge(batch []*pending) {
	for _, p := range batch {
		p.resolve(outcome{fate: done})
	}
}

// settle gives each operation of an entry its outcome.
func settle(batch []*pending, future raft.ApplyFuture, err error) {
	if err != nil {
		o := outcome{fate: fateOf(err)}
		if o.fate == notDone {
			o.err = noLeader(err.Error())
		}
		resolveAll(batch, o)
		return
	}
	a, isOurs := future.Response().(applied)
	if !isOurs || a.err != nil { // this replica stopped: the entry is in the log, but what it did is not known here
		resolveAll(batch, outcome{})
		return
	}
	next := 0
	for _, p := range batch {
		if len(p.op) == 0 {
			p.resolve(outcome{fate: done, result: fsm.Result{Effect: sessnode.Effect{At: sessnode.Position{Index: future.Index()}}}})
			continue
		}
		p.resolve(outcome{fate: done, result: a.results[next]})
		next++
	}
}
