package cluster

import (
	"context"
	"time"
)

const (
	// tickEvery is how often a leader looks whether something is due. Reads do not wait for it: they ask for a tick themselves.
	tickEvery = 250 * time.Millisecond

	// backlogEvery is how often it proposes while more is due than one batch may remove.
	backlogEvery = 20 * time.Millisecond
)

// tick proposes empty batches when something is due that no other batch has carried out, and a last checkpoint when writing
// has ceased. An idle cluster writes nothing. It ends with ctx.
func (n *Node) tick(ctx context.Context, o *office) {
	timer := time.NewTimer(tickEvery)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		n.settle(o.stamper.Stamp()) // or it would propose for a deadline that was put off since settleAll looked
		next, backlog := n.replica.machine.Due()
		wait := tickEvery
		if backlog {
			wait = backlogEvery
		}
		if backlog || next != 0 && next <= o.stamper.Stamp() || o.batcher.overdue() {
			n.writes.ticks.Add(1)
			p := newPending(nil)
			o.batcher.queue.push(p)
			p.await(ctx) // its outcome shows in the state
		}
		timer.Reset(wait)
	}
}

// settleAll has the state machine move what was put off as time passes, at every node: else an entry after a while without any would find all
// of it. It ends with ctx.
func (n *Node) settleAll(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			n.settle(n.replica.estimate.Now())
		case <-ctx.Done():
			return
		}
	}
}

func (n *Node) settle(until int64) {
	for n.replica.machine.Settle(until) && n.ctx.Err() == nil {
	}
}
