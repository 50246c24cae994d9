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

	// resultRoom is what most results take in the answer to a frame.
	resultRoom = 192

	// maxAnswerBytes keeps the answer to a frame below the node port's limit. What does not fit is answered unknown, and asked
	// for again under its operation id.
	maxAnswerBytes = 4 << 20
)

// forwardAll sends what waits at this node to the leader, all that has gathered in one frame, until ctx ends.
func (n *Node) forwardAll(ctx context.Context) {
	var senders sync.WaitGroup
	for range framesInFlight {
		senders.Go(func() { // ends with ctx, and with the call, whose deadline is bounded
			for batch := n.nextFrame(ctx); batch != nil; batch = n.nextFrame(ctx) {
				n.forward(batch)
				n.outbox.landed(batch)
			}
		})
	}
	<-ctx.Done()
	n.outbox.close()
	senders.Wait()
}

func (n *Node) nextFrame(ctx context.Context) []*pending {
	for ctx.Err() == nil {
		select {
		case <-n.outbox.wake:
		case <-ctx.Done():
			return nil
		}
		if batch := n.outbox.take(fsm.MaxBatchOps, maxBatchBytes); len(batch) > 0 {
			return batch
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
	ctx, cancel := context.WithTimeout(changed, maxNotAfter)
	defer cancel()
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
	results := make([]fsm.Result, len(answer.Outcomes))
	for i, p := range batch {
		if i < len(answer.Outcomes) {
			p.resolve(answer.Outcomes[i].outcome(&results[i]))
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
	return n.carryOut(ctx, o, &f), nil
}

// carryOut takes in what a frame holds, and answers it once all of it has an outcome.
func (n *Node) carryOut(ctx context.Context, o *office, f *forwardFrame) []byte {
	all := make([]pending, len(f.Ops)) // one waits for all of them: they have one channel
	entered := make([]int, len(f.Ops))
	done, now := make(chan struct{}, 1), o.stamper.Stamp()
	for i := range all {
		p := &all[i]
		p.op, p.done = f.Ops[i], done
		var early *outcome
		if entered[i], early = n.acceptFrom(o, p, now); early != nil {
			p.resolve(*early)
		}
	}
	answer := forwardAnswer{Outcomes: make([]outcomeFrame, len(f.Ops))}
	size, results := 0, make([]byte, 0, resultRoom*len(all))
	for i := range all {
		frame := &answer.Outcomes[i]
		results = frame.fill(all[i].watch(ctx), results)
		n.gate.leave(entered[i])
		if size += len(frame.Result); size > maxAnswerBytes {
			*frame = outcomeFrame{Fate: uint64(unknown)}
		}
	}
	answer.Stamp = o.stamper.Stamp()
	return packInto(make([]byte, 0, min(size, maxAnswerBytes)+frameRoom*(1+len(all))), &answer)
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

// fill says what an outcome is. It writes the result behind room, which it returns.
func (f *outcomeFrame) fill(o outcome, room []byte) []byte {
	switch o.fate {
	case done:
		result := o.told()
		at := len(room)
		room = fsm.AppendResult(room, &result)
		*f = outcomeFrame{Fate: uint64(done), Result: room[at:len(room):len(room)]}
	case notDone:
		*f = outcomeFrame{Fate: uint64(notDone), Code: uint64(sessnode.CodeOf(o.err)), Reason: sessnode.ReasonOf(o.err)}
		if o.err != nil {
			f.Detail = detailOf(o.err)
		}
	default:
		*f = outcomeFrame{Fate: uint64(unknown)}
	}
	return room
}

// outcome reads what fill wrote. It keeps the result in into.
func (f *outcomeFrame) outcome(into *fsm.Result) outcome {
	switch f.Fate {
	case uint64(done):
		result, err := fsm.DecodeResult(f.Result)
		if err != nil {
			return outcome{} // made, but what it did is not known here: asked for again
		}
		*into = result
		return outcome{fate: done, result: into}
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

// watchLeader notices a new leader, so that calls to the old one are broken off, until ctx ends. It also reminds those who wait for
// changes of their time.
func (n *Node) watchLeader(ctx context.Context, observed <-chan struct{}) {
	ticker := time.NewTicker(min(n.cfg.Profile.Heartbeat/2, remindEvery))
	defer ticker.Stop()
	for {
		select {
		case <-observed:
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		n.leader()
		n.outbox.remind()
		if o := n.office.Load(); o != nil {
			o.batcher.queue.remind()
		}
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
