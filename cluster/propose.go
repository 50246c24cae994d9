package cluster

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// maxNotAfter is the most cluster time that a change may take to reach the log: far less than the exactly-once window, so that
// no copy of it can arrive after the window has forgotten it.
const maxNotAfter = time.Minute

// Write makes a change, at whichever node it is called, and returns its effect.
//
// It blocks until a majority has the change and the leader has applied it, or until ctx ends. An error of the state machine
// says that nothing was changed. ErrUnavailable says that the change was certainly not made. ErrUnknown says that its fate is
// not known: before it gives up, the node tries again under the same operation id (one is minted for a change that has none)
// until ctx ends.
func (n *Node) Write(ctx context.Context, m sessnode.Mutation) (sessnode.Effect, error) {
	if err := n.begin(); err != nil {
		return sessnode.Effect{}, decorate(err, opName(m.Change), m.App)
	}
	defer n.end()
	m.Node = n.id
	if m.OpID.IsZero() {
		m.OpID = sessnode.NewOpID()
	}
	if c, isCreate := m.Change.(sessnode.Create); isCreate && c.ID.IsZero() {
		c.ID = sessnode.NewID()
		m.Change = c
	}
	ctx, cancel := n.deadline(ctx)
	defer cancel()
	effect, err := n.propose(ctx, m)
	return effect, decorate(err, opName(m.Change), m.App)
}

// propose tries until the change has a definite outcome or ctx ends. ctx must have a deadline.
func (n *Node) propose(ctx context.Context, m sessnode.Mutation) (sessnode.Effect, error) {
	inDoubt := false
	var last error
	for try := 0; ; try++ {
		if try > 0 {
			n.writes.retries.Add(1)
		}
		o := n.try(ctx, m)
		switch {
		case o.fate == done && o.result == nil:
			return sessnode.Effect{}, nil
		case o.fate == done && o.result.Reason != sessnode.ReasonTooLate:
			return o.result.Effect, o.result.Err()
		case o.fate == done:
			last = o.result.Err() // stamped anew, it may yet arrive in time
		case o.fate == unknown:
			n.writes.unknowns.Add(1)
			inDoubt = true
		default:
			last = o.err
			if !inDoubt && !worthAnotherTry(o.err) {
				return sessnode.Effect{}, o.err
			}
		}
		if !n.pause(ctx, try) {
			break
		}
	}
	if inDoubt {
		return sessnode.Effect{}, sessnode.Errorf(sessnode.CodeUnknown, "", "the change was sent and its fate is not known: retry with the same operation id")
	}
	return sessnode.Effect{}, last
}

// worthAnotherTry reports whether a change that was not made may be made a moment later.
func worthAnotherTry(err error) bool {
	return errors.Is(err, sessnode.ErrUnavailable) && sessnode.ReasonOf(err) != sessnode.ReasonOverload
}

// try sends the change once, to this node's own batcher if it is the leader, else to the leader.
func (n *Node) try(ctx context.Context, m sessnode.Mutation) outcome {
	now := n.replica.estimate.Now()
	if _, founding := m.Change.(sessnode.Found); now == 0 && !founding {
		return refused(behind("this node does not know the cluster's time yet"))
	}
	notAfter := now + int64(maxNotAfter)
	if deadline, has := ctx.Deadline(); has {
		notAfter = now + int64(min(time.Until(deadline), maxNotAfter))
	}
	p := pendings.Get().(*pending)
	op := fsm.Op{Mutation: m, NotAfter: notAfter}
	encoded, err := fsm.AppendOp(p.room[:0], &op)
	if err != nil {
		p.release()
		return refused(err)
	}
	p.op, p.room = encoded, encoded
	return n.send(ctx, p, &op)
}

// send queues an operation, which p.op holds encoded, or a tick (op is nil), and waits for its outcome. It releases p.
func (n *Node) send(ctx context.Context, p *pending, op *fsm.Op) outcome {
	entered, early := n.enqueue(p, op)
	if early != nil {
		p.release()
		return *early
	}
	o := p.await(ctx)
	n.gate.leave(entered)
	return o
}

// enqueue hands an operation or a tick to this node's own batcher if it leads, else to what forwards. It returns what accept does.
func (n *Node) enqueue(p *pending, op *fsm.Op) (entered int, early *outcome) {
	if o := n.office.Load(); o != nil {
		return n.accept(o, p, op)
	}
	if err := n.gate.enter(len(p.op), op == nil || ends(op.Change)); err != nil {
		return outside, not(err)
	}
	entered = len(p.op)
	n.outbox.push(p)
	return entered, nil
}

// commitTime has a batch committed whose stamp is the leader's present time. This node may not have applied it yet.
func (n *Node) commitTime(ctx context.Context) error {
	o := n.send(ctx, pendings.Get().(*pending), nil)
	if o.fate != done {
		return noLeader("the leader could not commit its time")
	}
	return nil
}

// pause waits a little before another try: until something changes, or a time that doubles with each try, up to 200 ms. It
// reports whether there is time for one.
func (n *Node) pause(ctx context.Context, try int) bool {
	if ctx.Err() != nil || n.stopping() {
		return false
	}
	wait := min(5*time.Millisecond<<min(try, 10), 200*time.Millisecond)
	timer := time.NewTimer(wait/2 + rand.N(wait/2))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-n.changed.wait():
	case <-ctx.Done():
		return false
	}
	return true
}

// opName names a change for errors.
func opName(c sessnode.Change) string {
	switch c.(type) {
	case sessnode.Create:
		return "create"
	case sessnode.Patch:
		return "patch"
	case sessnode.Replace:
		return "replace"
	case sessnode.Pop:
		return "pop"
	case sessnode.Touch, sessnode.TouchOne:
		return "touch"
	case sessnode.Rotate:
		return "rotate"
	case sessnode.Revoke, sessnode.RevokeID, sessnode.RevokeSubject, sessnode.RevokeApp:
		return "revoke"
	case sessnode.PutPolicy:
		return "policy"
	case sessnode.DropApp:
		return "drop"
	case sessnode.SetBudget:
		return "budget"
	}
	return "found"
}

// decorate says in an error what was tried and for which app.
func decorate(err error, op, app string) error {
	if err == nil {
		return nil
	}
	var e *sessnode.Error
	if !errors.As(err, &e) {
		return &sessnode.Error{Op: op, App: app, Detail: err.Error(), Err: sessnode.CodeOf(err).Info().Err}
	}
	c := *e
	c.Op, c.App = op, app
	return &c
}
