package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

const (
	// framesInFlight lets the next frame wait at the leader while the batch of the one before is being written.
	framesInFlight = 2

	// frameRoom is what an operation or an outcome takes in a frame beside its own bytes, at most where it is done.
	frameRoom = 16

	// maxAnswerBytes keeps the answer to a frame below the node port's limit. What does not fit is answered unknown, and asked
	// for again under its operation id.
	maxAnswerBytes = 4 << 20
)

// forwardAll sends what waits at this node to the leader, all that has gathered in one frame, until ctx ends.
func (n *Node) forwardAll(ctx context.Context) {
	defer n.outbox.close()
	slots := make(chan struct{}, framesInFlight)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		batch := n.nextFrame(ctx)
		if batch == nil {
			return
		}
		n.work.Go(func() { // ends with the call, whose deadline is bounded
			defer func() { <-slots }()
			n.forward(batch)
		})
	}
}

func (n *Node) nextFrame(ctx context.Context) []*pending {
	for ctx.Err() == nil {
		if batch := n.outbox.take(fsm.MaxBatchOps, maxBatchBytes); len(batch) > 0 {
			return batch
		}
		select {
		case <-n.outbox.wake:
		case <-ctx.Done():
		}
	}
	return nil
}

// forward sends one frame to the leader of the moment, and gives its operations their outcomes. The call is broken off when
// another leader comes: what was sent is in doubt then, and is sent again to the new one.
func (n *Node) forward(batch []*pending) {
	to, term, changed := n.leader()
	if to.id == "" || to.id == n.id {
		// No leader is known, or it is this node, which has only just been elected: the senders try again.
		resolveAll(batch, refused(noLeader("no leader is known")))
		return
	}
	ctx, cancel := context.WithTimeout(n.ctx, maxNotAfter)
	defer cancel()
	stop := context.AfterFunc(changed, cancel)
	defer stop()
	frame := forwardFrame{Term: term, Ops: make([][]byte, len(batch))}
	size := frameRoom
	for i, p := range batch {
		frame.Ops[i] = p.op
		size += frameRoom + len(p.op)
	}
	n.writes.frames.Add(1)
	n.writes.forwarded.Add(uint64(len(batch)))
	body, err := n.port.Call(ctx, to.dial(), methodForward, packInto(make([]byte, 0, size), &frame))
	var answer forwardAnswer
	if err == nil {
		err = unpack(body, &answer)
	}
	if err != nil {
		o := outcome{fate: fateOf(err)}
		if o.fate == notDone {
			o.err = asDomain(err)
		}
		resolveAll(batch, o)
		return
	}
	n.replica.estimate.Learn(answer.Stamp)
	for i, p := range batch {
		if i < len(answer.Outcomes) {
			p.resolve(answer.Outcomes[i].outcome())
			continue
		}
		p.resolve(outcome{})
	}
}

// asDomain makes an error of the node port one of the store.
func asDomain(err error) error {
	if sessnode.CodeOf(err) == sessnode.CodeUnknown || sessnode.ReasonOf(err) == "" {
		return noLeader("the leader did not take the change")
	}
	return err
}

// handleForward takes a frame in at the leader.
func (n *Node) handleForward(ctx context.Context, _ string, body []byte) ([]byte, error) {
	var f forwardFrame
	if err := unpack(body, &f); err != nil {
		return nil, sessnode.Errorf(sessnode.CodeInvalid, "", "%v", err)
	}
	if len(f.Ops) > 2*int(fsm.MaxBatchOps)+n.cfg.Limits.PendingOps {
		return nil, sessnode.Errorf(sessnode.CodeTooLarge, "", "%d operations in one frame", len(f.Ops))
	}
	if err := n.begin(); err != nil {
		return nil, err
	}
	defer n.end()
	o, err := n.awaitOffice(ctx, f.Term)
	if err != nil {
		return nil, err
	}
	answer := forwardAnswer{Outcomes: make([]outcomeFrame, len(f.Ops))}
	taken := make([]accepted, len(f.Ops))
	for i, op := range f.Ops {
		taken[i] = n.accept(o, newPending(op))
	}
	size := 0
	for i, a := range taken {
		frame := frameOf(a.await(ctx))
		n.leave(a)
		if size += len(frame.Result); size > maxAnswerBytes {
			frame = frameOf(outcome{})
		}
		answer.Outcomes[i] = frame
	}
	answer.Stamp = o.stamper.Stamp()
	return packInto(make([]byte, 0, min(size, maxAnswerBytes)+frameRoom*(1+len(taken))), &answer), nil
}

// awaitOffice returns this node's office in a term. A node that was only just elected is waited for, a little.
func (n *Node) awaitOffice(ctx context.Context, term uint64) (*office, error) {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.Profile.Heartbeat)
	defer cancel()
	for {
		changed := n.changed.wait()
		if o := n.office.Load(); o != nil && o.term == term {
			return o, nil
		}
		if now, isLeader := n.leading(); !isLeader || now != term {
			return nil, noLeader("this node is not the leader that the change was sent to")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, noLeader("the leader has not taken office yet")
		}
	}
}

func frameOf(o outcome) outcomeFrame {
	switch o.fate {
	case done:
		encoded, err := fsm.EncodeResult(o.result)
		if err != nil {
			return outcomeFrame{Fate: uint64(unknown)}
		}
		return outcomeFrame{Fate: uint64(done), Result: encoded}
	case notDone:
		f := outcomeFrame{Fate: uint64(notDone), Code: uint64(sessnode.CodeOf(o.err)), Reason: sessnode.ReasonOf(o.err)}
		if o.err != nil {
			f.Detail = detailOf(o.err)
		}
		return f
	}
	return outcomeFrame{Fate: uint64(unknown)}
}

func (f *outcomeFrame) outcome() outcome {
	switch f.Fate {
	case uint64(done):
		result, err := fsm.DecodeResult(f.Result)
		if err != nil {
			return outcome{} // made, but what it did is not known here: asked for again
		}
		return outcome{fate: done, result: result}
	case uint64(notDone):
		return refused(sessnode.Errorf(sessnode.Code(min(f.Code, 255)), f.Reason, "%s", f.Detail))
	}
	return outcome{}
}

// following is the leader of the moment as this node sees it.
type following struct {
	mu      sync.Mutex
	to      peer
	term    uint64
	changed context.Context // ends when another leader comes
	cancel  context.CancelFunc
}

// leader returns the leader that Raft knows, its term, and a context that ends when that changes.
func (n *Node) leader() (peer, uint64, context.Context) {
	term := n.raft.CurrentTerm()
	addr, id := n.raft.LeaderWithID()
	now := peer{string(id), string(addr)}
	if list := n.peers.resolve([]string{now.id}); now.id != "" && list[0].addr != "" {
		now = list[0]
	}
	f := &n.following
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.changed == nil || f.to != now || f.term != term {
		if f.cancel != nil {
			f.cancel()
		}
		f.to, f.term = now, term
		f.changed, f.cancel = context.WithCancel(n.ctx)
		n.changed.fire()
	}
	return f.to, f.term, f.changed
}

// watchLeader notices a new leader, so that calls to the old one are broken off, until ctx ends.
func (n *Node) watchLeader(ctx context.Context, observed <-chan struct{}) {
	ticker := time.NewTicker(n.cfg.Profile.Heartbeat / 2)
	defer ticker.Stop()
	for {
		select {
		case <-observed:
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		n.leader()
	}
}

// detailOf returns an error's sentence for a person.
func detailOf(err error) string {
	var e *sessnode.Error
	if errors.As(err, &e) {
		return e.Detail
	}
	return err.Error()
}
