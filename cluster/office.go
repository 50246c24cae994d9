package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/clock"
	"github.com/sessnode/sessnode/fsm"
)

// office is one term of leadership that is ready: everything of earlier terms is applied, and so is a batch of this term.
// Only then may the node take writes and tell others what is committed.
type office struct {
	term    uint64
	stamper *clock.Stamper
	batcher *batcher
}

// tenure is the time in which this node serves as leader of one term.
type tenure struct {
	term uint64
	stop context.CancelFunc
	over sync.WaitGroup
}

// watchOffice follows Raft's changes of leadership until ctx ends: it takes office when this node is elected, and leaves when
// it is not leader of that term any longer. Raft blocks while nobody receives from its channel, so nothing here may wait long.
func (n *Node) watchOffice(ctx context.Context, notify <-chan bool) {
	var now *tenure
	leave := func() {
		if now != nil {
			now.stop()
			n.office.Store(nil)
			now.over.Wait()
			now = nil
			n.changed.fire()
		}
	}
	defer leave()
	for {
		select {
		case <-notify:
		case <-ctx.Done():
			return
		}
		// The state is asked anew instead of trusting the channel: leadership that was lost and regained is another term.
		term, isLeader := n.leading()
		if now != nil && (!isLeader || now.term != term) {
			leave()
		}
		if isLeader && now == nil {
			serving, stop := context.WithCancel(ctx)
			now = &tenure{term: term, stop: stop}
			now.over.Go(func() { n.serve(serving, term) }) // ends with serving
		}
	}
}

// leading returns Raft's term, and whether this node leads it.
func (n *Node) leading() (term uint64, isLeader bool) {
	term = n.raft.CurrentTerm()
	isLeader = n.raft.State() == raft.Leader
	return term, isLeader && n.raft.CurrentTerm() == term
}

// serve is one term of leadership, from the election until ctx ends.
func (n *Node) serve(ctx context.Context, term uint64) {
	o, err := n.takeOffice(ctx, term)
	for ; err != nil; o, err = n.takeOffice(ctx, term) {
		if ctx.Err() != nil {
			return
		}
		n.log.Warn("cannot take office yet", "term", term, "error", err)
		select {
		case <-time.After(n.cfg.Profile.Heartbeat / 4):
		case <-ctx.Done():
			return
		}
	}
	n.log.Info("took office", "term", term)
	n.office.Store(o)
	n.changed.fire()
	var work sync.WaitGroup
	work.Go(func() { o.batcher.run(ctx) })
	work.Go(func() { n.keepTime(ctx, o) })
	work.Go(func() { n.tick(ctx, o) })
	work.Go(func() { n.reconcile(ctx) })
	work.Go(func() { n.yieldWhileDrained(ctx) })
	work.Go(func() { n.yieldWhileLow(ctx) })
	work.Wait()
	n.log.Info("left office", "term", term)
}

// takeOffice prepares a term. The barrier brings this node's state up to all that earlier leaders committed, which the
// first stamp and the generation depend on. The first batch then proves that an entry of this term is committed.
func (n *Node) takeOffice(ctx context.Context, term uint64) (*office, error) {
	o := &office{term: term, stamper: clock.NewStamper(n.clock, n.id, 0)}
	o.batcher = newBatcher(n.raft, n.futures, n.replica.machine, o.stamper, n.cfg, &n.writes)
	heard := n.hearClocks(ctx, o)
	if err := n.futures.wait(ctx, n.raft.Barrier(enqueueTimeout)); err != nil {
		return nil, fmt.Errorf("barrier: %w", err)
	}
	for range heard { // the last leader may be among those that do not answer: a majority will do
		if o.stamper.Heard() && n.mayGrow() { // with a disk that is nearly full, whether the others have room must be known too
			break
		}
	}
	at, now := n.replica.machine.At()
	o.stamper.Begin(max(now, n.replica.estimate.Now()))
	first := newPending(nil)
	if at.Generation == 0 {
		found, err := n.founding(o)
		if err != nil {
			return nil, err
		}
		if first.op, err = fsm.EncodeOp(fsm.Op{Mutation: sessnode.Mutation{Actor: "founding", Node: n.id, Change: found}}); err != nil {
			return nil, err
		}
		at.Generation = found.Generation
	}
	o.batcher.first(at.Generation, first)
	if got := first.watch(ctx); got.fate != done || got.told().Code != sessnode.OK {
		return nil, fmt.Errorf("first batch of the term was not applied (%w)", errors.Join(got.err, got.told().Err(), ctx.Err()))
	}
	return o, nil
}

// founding returns the first change of a new cluster. Its first stamp must be right: a majority of the founders' clocks is
// waited for.
func (n *Node) founding(o *office) (sessnode.Found, error) {
	if !o.stamper.Heard() {
		return sessnode.Found{}, errors.New("the clocks of a majority are not known yet")
	}
	cluster, generation := n.identity.founding()
	if generation == 0 {
		return sessnode.Found{}, errors.New("this node leads a cluster that it did not found and has no state of")
	}
	return sessnode.Found{Cluster: cluster, Generation: generation, Budget: n.cfg.Budget}, nil
}

// clockEvery is how often a leader asks what its voters' clocks read.
const clockEvery = 5 * time.Second

// keepTime keeps the stamper informed of the voters and their clocks.
func (n *Node) keepTime(ctx context.Context, o *office) {
	ticker := time.NewTicker(clockEvery)
	defer ticker.Stop()
	for {
		for range n.hearClocks(ctx, o) { // until all have answered, or a heartbeat has passed
		}
		n.keepBudget(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// hearClocks asks all voters once, and tells the stamper what comes. Each answer is a token on the channel, which is closed
// after the last: who does not answer within a heartbeat is not heard.
func (n *Node) hearClocks(ctx context.Context, o *office) <-chan struct{} {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.Profile.Heartbeat)
	voters := n.voters()
	o.stamper.SetVoters(ids(voters))
	heard := make(chan struct{}, len(voters))
	var asked sync.WaitGroup
	for _, v := range voters {
		if v.id == n.id {
			continue
		}
		asked.Go(func() {
			sent := n.clock.Monotonic()
			if f, err := n.askOne(ctx, v, 0); err == nil {
				o.stamper.Observe(v.id, time.Unix(0, f.Wall), sent, n.clock.Monotonic())
				heard <- struct{}{}
			}
		})
	}
	n.work.Go(func() {
		asked.Wait()
		cancel()
		close(heard)
	})
	return heard
}
