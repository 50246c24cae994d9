package cluster

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
)

// pending is one try of a change that waits for its outcome.
//
// It is used again and again, with its memory: an operation a millisecond would otherwise be garbage at the next. So whoever holds one
// resolves it exactly once and forgets it, and only the sender, having seen that, gives it back. A sender that gave up before does
// not: that one is resolved late, and nobody looks.
type pending struct {
	op      []byte // by fsm.AppendOp; empty = a tick
	room    []byte // to encode op in; of those that are used again
	state   atomic.Int32
	done    chan struct{} // capacity 1: look at state; sent by resolve, and now and then by remind
	outcome outcome       // once resolved
	pooled  bool
}

// A pending waits until a batch or a frame takes it, or its sender gives up.
const (
	waiting int32 = iota
	taken
	abandoned
	resolved
)

// pendings are those that wait to be used again. They hold no state, only memory.
var pendings = sync.Pool{New: func() any { return &pending{done: make(chan struct{}, 1), pooled: true} }}

// maxRoom is how much memory a pending may keep.
const maxRoom = 16 << 10

func newPending(op []byte) *pending { return &pending{op: op, done: make(chan struct{}, 1)} }

// release gives a pending back. Nobody else may hold it.
func (p *pending) release() {
	if !p.pooled {
		return
	}
	if cap(p.room) > maxRoom {
		p.room = nil
	}
	p.op, p.outcome = nil, outcome{}
	p.state.Store(waiting)
	select { // what is sent even later says only: look at state
	case <-p.done:
	default:
	}
	pendings.Put(p)
}

// resolve answers the sender. The caller must not touch p after it.
func (p *pending) resolve(o outcome) {
	done := p.done
	p.outcome = o
	p.state.Store(resolved)
	poke(done)
}

// await returns the outcome and releases p, which must be in a queue that is reminded. When ctx ends first: certainly not done if
// nothing had taken it yet, else unknown.
//
// To watch a context costs a timer, and hardly any change needs it: so await begins to when it is reminded, or where the time is short.
func (p *pending) await(ctx context.Context) outcome {
	if at, has := ctx.Deadline(); !has || time.Until(at) > 2*remindEvery {
		<-p.done
	}
	return p.watch(ctx)
}

// watch is await for any pending.
func (p *pending) watch(ctx context.Context) outcome {
	for p.state.Load() != resolved {
		select {
		case <-p.done:
			continue
		case <-ctx.Done():
		}
		if p.state.CompareAndSwap(waiting, abandoned) {
			return refused(sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonOverload, "the deadline passed before the change was sent"))
		}
		if p.state.Load() != resolved {
			return outcome{}
		}
	}
	o := p.outcome
	p.release()
	return o
}

// resolveAll gives all the same outcome.
func resolveAll(ps []*pending, o outcome) {
	for _, p := range ps {
		p.resolve(o)
	}
}

// queue holds what waits for the next batch or frame, and what is in those under way. Its size is bounded by the gates in front of
// it.
type queue struct {
	wake  chan struct{} // capacity 1: something waits
	crowd chan struct{} // capacity 1: many do

	mu     sync.Mutex
	items  []*pending
	bytes  int          // of items
	left   bool         // take left some of them, for want of room in a batch
	flying [][]*pending // what take returned, until landed
	spare  []*pending   // room for items
	closed bool
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1), crowd: make(chan struct{}, 1)} }

// push adds p, or refuses it when the queue was closed.
func (q *queue) push(p *pending) {
	q.mu.Lock()
	closed := q.closed
	before := q.full()
	if !closed {
		q.items = append(q.items, p)
		q.bytes += len(p.op)
	}
	crowd := !before && q.full()
	q.mu.Unlock()
	if closed {
		p.resolve(refused(noLeader("this node is stopping, or leaving office")))
		return
	}
	poke(q.wake)
	if crowd {
		poke(q.crowd)
	}
}

// crowded reports whether what waits needs no more company.
func (q *queue) crowded() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.full()
}

// full is crowded for who holds mu.
func (q *queue) full() bool {
	return q.left || len(q.items) >= companyEnough || q.bytes >= maxBatchBytes
}

// take removes what fits into one batch, in order: at most ops operations and bytes bytes, or a single larger one. Ticks
// cost nothing: however many wait, one batch answers them all. What it returns must land.
func (q *queue) take(ops, bytes int) []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	batch, i := q.spare[:0], 0
	q.spare = nil
	count, size := 0, 0
	q.left = false
	for ; i < len(q.items); i++ {
		p := q.items[i]
		if len(p.op) > 0 && (count == ops || count > 0 && size+len(p.op) > bytes) {
			poke(q.wake)
			q.left = true
			break
		}
		q.bytes -= len(p.op)
		if !p.state.CompareAndSwap(waiting, taken) {
			continue
		}
		batch = append(batch, p)
		if len(p.op) > 0 {
			count, size = count+1, size+len(p.op)
		}
	}
	rest := copy(q.items, q.items[i:])
	clear(q.items[rest:])
	q.items = q.items[:rest]
	if len(batch) == 0 {
		q.spare = batch
		return nil
	}
	q.flying = append(q.flying, batch)
	return batch
}

// landed is told that all of a batch are resolved. The caller must not use it any more.
func (q *queue) landed(batch []*pending) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, b := range q.flying {
		if &b[0] == &batch[0] {
			last := len(q.flying) - 1
			q.flying[i], q.flying[last] = q.flying[last], nil
			q.flying = q.flying[:last]
			break
		}
	}
	clear(batch)
	q.spare = batch
}

// remindEvery is how often senders are reminded, about.
const remindEvery = 250 * time.Millisecond

// remind has all that wait look at their contexts from now on.
func (q *queue) remind() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range q.items {
		poke(p.done)
	}
	for _, batch := range q.flying {
		for _, p := range batch {
			poke(p.done) // one that is in use again already looks in vain
		}
	}
}

// close refuses what waits and what comes later.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	rest := q.items
	q.items, q.bytes, q.left = nil, 0, false
	q.mu.Unlock()
	resolveAll(rest, refused(noLeader("this node is stopping, or leaving office")))
}
