package cluster

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/readindex"
)

// asker runs read rounds. It is safe for concurrent use.
type asker struct {
	queue  readindex.Queue
	nonce  atomic.Uint64
	counts readCounts
	known  atomic.Pointer[[]string] // who votes, by the last valid round
	last   atomic.Pointer[freshness]
}

// handleAsk answers another node's question.
func (n *Node) handleAsk(_ context.Context, from string, body []byte) ([]byte, error) {
	var q question
	if err := unpack(body, &q); err != nil {
		return nil, err
	}
	n.asker.counts.answers.Add(1)
	n.peers.disk(from, q.Low, n.clock.Monotonic())
	f := n.answer(q.Nonce)
	if f.Leads && q.Applied < f.Commit {
		n.nudge(from, f.Term, f.Commit)
	}
	return pack(&f), nil
}

// answer says what this node knows right now. The term is read after the question came; a leader's commit index is read
// while it is leader of that term both before and after.
func (n *Node) answer(nonce uint64) answerFrame {
	term := n.raft.CurrentTerm()
	f := answerFrame{Nonce: nonce, Term: term, Wall: n.clock.Wall().UnixNano(), Applied: n.replica.progress.index.Load(), Budget: n.cfg.Budget, Low: n.space.isLow()}
	o := n.office.Load()
	if o == nil || o.term != term || n.raft.State() != raft.Leader || n.replica.stopped.Load() {
		return f
	}
	commit, stamp, voters := n.raft.CommitIndex(), o.stamper.Stamp(), ids(n.voters())
	at, _ := n.replica.machine.At()
	if now, isLeader := n.leading(); isLeader && now == term {
		f.Leads, f.Commit, f.Stamp, f.Generation, f.Voters = true, commit, stamp, at.Generation, voters
	}
	return f
}

// askOne asks a peer, or this node itself without a message.
func (n *Node) askOne(ctx context.Context, p peer, nonce uint64) (answerFrame, error) {
	if p.id == n.id {
		return n.answer(nonce), nil
	}
	n.asker.counts.messages.Add(1)
	body, err := n.port.Call(ctx, p.dial(), methodAsk, pack(&question{Nonce: nonce, Applied: n.replica.progress.index.Load(), Low: n.space.isLow()}))
	if err != nil {
		return answerFrame{}, err
	}
	var f answerFrame
	if err := unpack(body, &f); err != nil {
		return answerFrame{}, err
	}
	n.peers.heard(p.id, f.Applied, f.Budget)
	n.peers.disk(p.id, f.Low, n.clock.Monotonic())
	return f, nil
}

// roundTime is how long a round may take.
func (n *Node) roundTime() time.Duration { return 2 * n.cfg.Profile.Heartbeat }

// lateRounds is what is allowed for rounds that end later than they should because the machine is busy.
const lateRounds = 250 * time.Millisecond

// round asks all voters once, and returns as soon as the answers allow a read: who has not answered by then is not waited
// for. A round that comes to nothing within two heartbeats is ErrUnavailable.
func (n *Node) round(ctx context.Context) (readindex.Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, n.roundTime())
	defer cancel()
	n.asker.counts.rounds.Add(1)
	r := readindex.NewRound(n.asker.nonce.Add(1))
	targets := n.peers.resolve(n.everyone())
	type reply struct {
		from   string
		answer readindex.Answer
	}
	replies := make(chan reply, len(targets))
	for _, p := range targets {
		if p.id == n.id {
			own := n.answer(r.Nonce())
			replies <- reply{p.id, own.answer()}
			continue
		}
		n.work.Go(func() { // ends with the round, whose context it has
			f, err := n.askOne(ctx, p, r.Nonce())
			if err != nil {
				f = answerFrame{} // of another round: it counts for nothing
			}
			replies <- reply{p.id, f.answer()}
		})
	}
	for range targets {
		select {
		case got := <-replies:
			if g, valid := r.Add(got.from, got.answer); valid {
				return n.granted(g), nil
			}
		case <-ctx.Done():
		}
	}
	n.asker.counts.invalid.Add(1)
	return readindex.Grant{}, noLeader("no majority of the voters follows one leader")
}

// granted remembers what a round has shown.
func (n *Node) granted(g readindex.Grant) readindex.Grant {
	n.asker.known.Store(&g.Voters)
	n.replica.estimate.Learn(g.Stamp)
	return g
}

// everyone lists the ids to ask: the voters by this node's own configuration and by the last leader heard, since either may be
// the newer one, and this node itself.
func (n *Node) everyone() []string {
	list := append(ids(n.voters()), n.id)
	if known := n.asker.known.Load(); known != nil {
		list = append(list, *known...)
	}
	return unique(list)
}

// confirm waits for a round that began after it was called.
func (n *Node) confirm(ctx context.Context) (readindex.Grant, error) {
	batch, begin := n.asker.queue.Join()
	if begin {
		n.work.Go(n.runRounds) // ends when no read waits
	}
	// To watch a context costs a timer. A wait that ends before the deadline anyway needs none: that for the round in flight and for the next one.
	if at, has := ctx.Deadline(); has && time.Until(at) > 2*n.roundTime()+lateRounds {
		<-batch.Done()
		return batch.Grant()
	}
	select {
	case <-batch.Done():
		return batch.Grant()
	case <-ctx.Done():
		return readindex.Grant{}, sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonNoLeader, "the deadline passed before a majority of the voters answered")
	}
}

func (n *Node) runRounds() {
	for {
		runtime.Gosched() // who is about to ask joins this round, which saves the next one; where nobody is, this costs nothing
		b := n.asker.queue.Begin()
		if b == nil {
			return
		}
		began := n.clock.Monotonic()
		g, err := n.round(n.ctx)
		if err == nil {
			n.asker.last.Store(&freshness{began: began, index: g.Index, generation: g.Generation})
		}
		b.Finish(g, err)
	}
}
