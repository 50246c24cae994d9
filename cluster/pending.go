package cluster

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/sessnode/sessnode"
)

// pending is one try of a change that waits for its outcome.
type pending struct {
	op    []byte // by fsm.EncodeOp; empty = a tick
	state atomic.Int32
	done  chan outcome // capacity 1; resolve sends
}

// A pending waits until a batch or a frame takes it, or its sender gives up.
const (
	waiting int32 = iota
	taken
	abandoned
)

func newPending(op []byte) *pending { return &pending{op: op, done: make(chan outcome, 1)} }

// resolve answers the sender, once.
func (p *pending) resolve(o outcome) {
	select {
	case p.done <- o:
	default:
	}
}

// await returns the outcome. When ctx ends first: certainly not done if nothing had taken it yet, else unknown.
func (p *pending) await(ctx context.Context) outcome {
	select {
	case o := <-p.done:
		return o
	case <-ctx.Done():
	}
	if p.state.CompareAndSwap(waiting, abandoned) {
		return refused(sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonOverload, "the deadline passed before the change was sent"))
	}
	select {
	case o := <-p.done:
		return o
	default:
		return outcome{}
	}
}

// resolveAll gives all the same outcome.
func resolveAll(ps []*pending, o outcome) {
	for _, p := range ps {
		p.resolve(o)
	}
}

// queue holds what waits for the next batch or frame. Its size is bounded by the gates in front of it.
type queue struct {
	wake chan struct{} // capacity 1: something waits

	mu     sync.Mutex
	items  []*pending
	closed bool
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// push adds p, or refuses it when the queue was closed.
func (q *queue) push(p *pending) {
	q.mu.Lock()
	closed := q.closed
	if !closed {
		q.items = append(q.items, p)
	}
	q.mu.Unlock()
	if closed {
		p.resolve(refused(noLeader("this node is stopping, or leaving office")))
		return
	}
	q.poke()
}

func (q *queue) poke() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take removes what fits into one batch, in order: at most ops operations and bytes bytes, or a single larger one. Ticks
// cost nothing: however many wait, one batch answers them all.
func (q *queue) take(ops, bytes int) []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	var batch []*pending
	count, size := 0, 0
	for len(q.items) > 0 {
		p := q.items[0]
		if len(p.op) > 0 && (count == ops || count > 0 && size+len(p.op) > bytes) {
			q.poke()
			break
		}
		q.items[0] = nil
		q.items = q.items[1:]
		if !p.state.CompareAndSwap(waiting, taken) {
			continue
		}
		batch = append(batch, p)
		if len(p.op) > 0 {
			count, size = count+1, size+len(p.op)
		}
	}
	return batch
}

// close refuses what waits and what comes later.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	rest := q.items
	q.items = nil
	q.mu.Unlock()
	resolveAll(rest, refused(noLeader("this node is stopping, or leaving office")))
}
