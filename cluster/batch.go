package cluster

import (
	"context"
	"sync"
	"sync/atomic"
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

// batcher gathers what waits at the leader into log entries while earlier ones are being written, and a little longer where processors are
// short (company): nothing is delayed when the leader is idle. One batcher serves one term of office.
type batcher struct {
	raft    applier
	machine *fsm.Machine
	stamper *clock.Stamper
	queue   *queue
	checks  checkpoints
	counts  *writeCounts
	futures futures

	turn  sync.Mutex // held while a batch is taken and handed to Raft: entries get their stamps in the order in which Raft gets them
	ops   [][]byte   // room for write
	slots []slot     // one for each batch that may be in flight: see newBatcher

	flying  atomic.Int32 // batches in flight
	writers sync.WaitGroup
}

// slot holds a batch while it is in flight.
type slot struct {
	company *company

	mu    sync.Mutex
	batch []*pending
}

func (s *slot) hold(batch []*pending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batch = batch
}

// claim returns the batch to whoever asks first.
func (s *slot) claim() []*pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := s.batch
	s.batch = nil
	return batch
}

// newBatcher makes a batcher of Limits.InFlight slots. One is best: with more, batches are smaller. Of three servers on two busy processors
// 1,000 creates cost, with 1, 2 and 4 slots, 189, 258 and 322 ms of CPU (16 clients; again: 286, 319, 312) and 86, 93 and 103 ms (256
// clients; again: 92, 112, 99); with one client it makes no difference.
func newBatcher(r applier, f futures, m *fsm.Machine, s *clock.Stamper, cfg Config, c *writeCounts) *batcher {
	b := &batcher{raft: r, futures: f, machine: m, stamper: s, queue: newQueue(), slots: make([]slot, cfg.Limits.InFlight),
		checks: checkpoints{after: cfg.Seams.CheckAfter}, counts: c}
	for i := range b.slots {
		b.slots[i].company = newCompany(cfg.Seams.Waits)
	}
	return b
}

// run writes batches until ctx ends or Raft is down; then what waits is refused, and run returns once all batches in flight have an
// outcome.
func (b *batcher) run(ctx context.Context) {
	for i := range b.slots {
		b.writers.Go(func() { b.serve(ctx, &b.slots[i]) })
	}
	over := make(chan struct{})
	go func() { b.writers.Wait(); close(over) }() // ends with the writers
	select {
	case <-ctx.Done():
	case <-b.futures.down:
	}
	b.queue.close()
	b.queue.remind() // those in flight: nobody else does, once this is no office any more
	select {
	case <-over:
	case <-b.futures.down:
		for i := range b.slots { // Raft may never answer what it has of these
			resolveAll(b.slots[i].claim(), outcome{})
		}
	}
}

// serve writes one batch after another until ctx ends or Raft is down. One goroutine sees a batch through: to pass it on would cost
// more than the rest. It may hang in a future that Raft never answers: see futures.
func (b *batcher) serve(ctx context.Context, s *slot) {
	for {
		select {
		case <-b.queue.wake:
		case <-ctx.Done():
			return
		case <-b.futures.down:
			return
		}
		s.company.gather(ctx, b.queue, b.futures.down)
		if ctx.Err() != nil {
			return
		}
		began := time.Now()
		future := b.next(s)
		if future == nil {
			continue
		}
		s.company.begin(began)
		select {
		case <-b.futures.down:
			resolveAll(s.claim(), outcome{})
			return
		default:
		}
		err := future.Error()
		if batch := s.claim(); batch != nil {
			settle(batch, future, err)
			b.queue.landed(batch)
		}
		b.flying.Add(-1)
	}
}

// next hands what waits to Raft. Nil means that nothing does.
func (b *batcher) next(s *slot) raft.ApplyFuture {
	b.turn.Lock()
	defer b.turn.Unlock()
	batch := b.queue.take(fsm.MaxBatchOps, maxBatchBytes)
	if len(batch) == 0 {
		return nil
	}
	at, _ := b.machine.At()
	return b.write(at.Generation, batch, s)
}

// write hands one batch to Raft, which s holds from then on. The caller holds turn.
func (b *batcher) write(generation uint64, batch []*pending, s *slot) raft.ApplyFuture {
	ops := b.ops[:0]
	for _, p := range batch {
		if len(p.op) > 0 {
			ops = append(ops, p.op)
		}
	}
	check := b.checks.next(b.machine, len(ops) > 0, b.flying.Add(1) == 1)
	header := fsm.Header{Generation: generation, Stamp: b.stamper.Stamp(), Check: check}
	entry := fsm.EncodeBatch(header, ops)
	b.counts.batch(len(ops), len(entry))
	clear(ops)
	b.ops = ops
	s.hold(batch)
	future := b.raft.Apply(entry, enqueueTimeout)
	if sabotage.On(sabotage.AckBeforeCommit) {
		s.hold(acknowledge(s.claim()))
	}
	return future
}

// first writes the first batch of a term: one operation, or a tick.
func (b *batcher) first(generation uint64, p *pending) {
	p.state.Store(taken)
	b.turn.Lock()
	defer b.turn.Unlock()
	s := new(slot)
	future := b.write(generation, []*pending{p}, s)
	b.writers.Go(func() { // ends with the future, at the latest when Raft has shut down
		settle(s.claim(), future, b.futures.wait(context.Background(), future))
		b.flying.Add(-1)
	})
}

// acknowledge claims success for what nobody has yet. It returns others to be resolved in their place.
func acknowledge(batch []*pending) []*pending {
	others := make([]*pending, len(batch))
	for i, p := range batch {
		others[i] = newPending(p.op)
		p.resolve(outcome{fate: done})
	}
	return others
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
			p.resolve(outcome{fate: done, result: &fsm.Result{Effect: sessnode.Effect{At: sessnode.Position{Index: future.Index()}}}})
			continue
		}
		result := &a.results[next]
		next++
		p.resolve(outcome{fate: done, result: result})
	}
}
