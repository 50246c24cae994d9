package cluster

import (
	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// outside says that a change did not enter the gate.
const outside = -1

// accept takes one operation in at the leader, whether it came from here or from another node, or a tick (op is nil). It returns what
// whoever has the outcome must give back to the gate, or an outcome that is known already: then p was not queued.
func (n *Node) accept(o *office, p *pending, op *fsm.Op) (entered int, early *outcome) {
	if op == nil {
		o.batcher.queue.push(p)
		return outside, nil
	}
	if touch, isTouch := op.Change.(sessnode.Touch); isTouch {
		if early := n.thin(p, *op, touch); early != nil {
			return outside, early
		}
	}
	if err := n.refuseGrowth(op.Change); err != nil {
		return outside, not(err)
	}
	entered = len(p.op)
	if err := n.gate.enter(entered, ends(op.Change)); err != nil {
		return outside, not(err)
	}
	o.batcher.queue.push(p)
	return entered, nil
}

// acceptFrom is accept for what came from another node, at a moment of cluster time.
//
// It is decoded before it is proposed; what comes from here was encoded by fsm.AppendOp, which sees to the same: an entry that cannot be
// decoded would stop every node.
func (n *Node) acceptFrom(o *office, p *pending, now int64) (entered int, early *outcome) {
	if len(p.op) == 0 {
		return n.accept(o, p, nil)
	}
	op, err := fsm.PeekOp(p.op)
	if err != nil {
		return outside, not(err)
	}
	if op.NotAfter != 0 && now > op.NotAfter {
		return outside, not(sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonTooLate, "the change reached the leader after its deadline"))
	}
	return n.accept(o, p, &op)
}

func not(err error) *outcome { return &outcome{fate: notDone, err: err} }

// thin leaves only the touches of an operation that matter; with none left there is nothing to write.
func (n *Node) thin(p *pending, op fsm.Op, touch sessnode.Touch) *outcome {
	kept := youngTouches(n.replica.machine, touch.Touches)
	if len(kept) == 0 {
		return &outcome{fate: done}
	}
	op.Change = sessnode.Touch{Touches: kept}
	encoded, err := fsm.EncodeOp(op)
	if err != nil {
		return not(err)
	}
	p.op = encoded
	return nil
}
