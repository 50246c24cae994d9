package cluster

import (
	"context"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/readindex"
)

// handleAsk answers another node's question. It runs where the connection is read, and so must not wait.
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
	commit, stamp, voters := n.raft.CommitIndex(), o.stamper.Stamp(), n.electorate().voters
	if now, isLeader := n.leading(); isLeader && now == term {
		f.Leads, f.Commit, f.Stamp, f.Generation, f.Voters = true, commit, stamp, n.replica.machine.Generation(), voters
	}
	return f
}

// question asks a node for its term, and tells what it should know of this one.
func (n *Node) question(nonce uint64) []byte {
	return pack(&question{Nonce: nonce, Applied: n.replica.progress.index.Load(), Low: n.space.isLow()})
}

// askOne asks a peer, or this node itself without a message.
func (n *Node) askOne(ctx context.Context, p peer, nonce uint64) (answerFrame, error) {
	if p.id == n.id {
		return n.answer(nonce), nil
	}
	n.asker.counts.messages.Add(1)
	body, err := n.port.Call(ctx, p.dial(), methodAsk, n.question(nonce))
	return n.understand(p.id, body, err)
}

// understand reads a peer's answer, and keeps what it says beside.
func (n *Node) understand(from string, body []byte, err error) (answerFrame, error) {
	var f answerFrame
	if err == nil {
		err = unpack(body, &f)
	}
	if err != nil {
		return answerFrame{}, err
	}
	n.peers.heard(from, f.Applied, f.Budget)
	n.peers.disk(from, f.Low, n.clock.Monotonic())
	return f, nil
}

// confirm waits for a round that began after it was called.
func (n *Node) confirm(ctx context.Context) (readindex.Grant, error) {
	batch, begin := n.asker.queue.Join()
	if begin {
		n.beginRound()
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
