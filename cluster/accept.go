package cluster

import (
	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// accept takes one operation in at the leader, whether it came from here or from another node. Either early is its outcome
// already, or it was queued. leave must be called when the outcome is known.
//
// Every operation is decoded once before it is proposed: an entry that cannot be decoded would stop every node.
func (n *Node) accept(o *office, p *pending) (leave func(), early *outcome) {
	leave = func() {}
	if len(p.op) == 0 {
		o.batcher.queue.push(p)
		return leave, nil
	}
	op, err := fsm.DecodeOp(p.op)
	if err != nil {
		return leave, &outcome{fate: notDone, err: err}
	}
	if op.NotAfter != 0 && o.stamper.Stamp() > op.NotAfter {
		return leave, &outcome{fate: notDone, err: sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonTooLate, "the change reached the leader after its deadline")}
	}
	if touch, isTouch := op.Change.(sessnode.Touch); isTouch {
		if early := n.thin(p, op, touch); early != nil {
			return leave, early
		}
	}
	if err := n.refuseGrowth(op.Change); err != nil {
		return leave, &outcome{fate: notDone, err: err}
	}
	size := len(p.op)
	if err := n.gate.enter(size); err != nil {
		return leave, &outcome{fate: notDone, err: err}
	}
	o.batcher.queue.push(p)
	return func() { n.gate.leave(size) }, nil
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
