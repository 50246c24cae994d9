package cluster

import (
	"context"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// accepted is an operation that the leader has taken in. Who has its outcome must leave.
type accepted struct {
	*pending
	early   *outcome // known already; nil where it was queued
	entered int      // bytes of it in the gate; 0 = it is not there
}

// await returns the outcome, see pending.
func (a accepted) await(ctx context.Context) outcome {
	if a.early != nil {
		return *a.early
	}
	return a.pending.await(ctx)
}

// leave gives back what accept took of the gate.
func (n *Node) leave(a accepted) {
	if a.entered > 0 {
		n.gate.leave(a.entered)
	}
}

// accept takes one operation in at the leader, whether it came from here or from another node.
//
// Every operation is decoded once before it is proposed: an entry that cannot be decoded would stop every node.
func (n *Node) accept(o *office, p *pending) accepted {
	if len(p.op) == 0 {
		o.batcher.queue.push(p)
		return accepted{pending: p}
	}
	not := func(err error) accepted { return accepted{pending: p, early: &outcome{fate: notDone, err: err}} }
	op, err := fsm.DecodeOp(p.op)
	if err != nil {
		return not(err)
	}
	if op.NotAfter != 0 && o.stamper.Stamp() > op.NotAfter {
		return not(sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonTooLate, "the change reached the leader after its deadline"))
	}
	if touch, isTouch := op.Change.(sessnode.Touch); isTouch {
		if early := n.thin(p, op, touch); early != nil {
			return accepted{pending: p, early: early}
		}
	}
	if err := n.refuseGrowth(op.Change); err != nil {
		return not(err)
	}
	size := len(p.op)
	if err := n.gate.enter(size, ends(op.Change)); err != nil {
		return not(err)
	}
	o.batcher.queue.push(p)
	return accepted{pending: p, entered: size}
}

// thin leaves only the touches of an operation that matter; with none left there is nothing to write.
func (n *Node) thin(p *pending, op fsm.Op, touch sessnode.Touch) *outcome {
	kept := youngTouches(n.replica.machine, touch.Touches)
	if len(kept) == 0 {
		return &outcome{fate: done}
	}
	op.Change = sessnode.Touch{Touches: kept}
	encoded, err := fsm.EncodeOp(op)
	if err != nil {
		return &outcome{fate: notDone, err: err}
	}
	p.op = encoded
	return nil
}
