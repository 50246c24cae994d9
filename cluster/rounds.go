package cluster

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode/cluster/readindex"
)

// asker runs read rounds. It is safe for concurrent use.
type asker struct {
	queue    readindex.Queue
	nonce    atomic.Uint64
	counts   readCounts
	known    atomic.Pointer[[]string]   // who votes, by the last valid round
	last     atomic.Pointer[freshness]  // of the last valid round
	who      atomic.Pointer[electorate] // whom to ask
	underWay atomic.Pointer[asking]
	crowded  atomic.Bool

	// alarm looks after the round under way. It is set while there are rounds, not for each: setting a timer wakes who waits for the network.
	alarm *time.Timer
	set   atomic.Bool
	seen  atomic.Pointer[asking] // the round that it found last
}

// asking is a round under way. There is one at most: the next begins when this one has ended.
type asking struct {
	*readindex.Round
	batch *readindex.Batch
	began time.Duration // by the node's clock
	at    time.Time     // by the machine's, which the alarm goes by

	mu   sync.Mutex
	left int // who has not answered yet
	over bool
}

// roundTime is how long a round may take.
func (n *Node) roundTime() time.Duration { return 2 * n.cfg.Profile.Heartbeat }

// lateRounds is what is allowed for rounds that end later than they should because the machine is busy.
const lateRounds = 250 * time.Millisecond

// beginRound asks all voters once, for all the reads that wait. It does not wait for the answers: they are heard on the goroutines that read
// the connections, so that of a lone read nobody else is woken. As soon as the answers allow it the reads are told; who has not answered
// by then is not waited for. A round that comes to nothing within two heartbeats is ErrUnavailable.
func (n *Node) beginRound() {
	if n.asker.crowded.Load() {
		runtime.Gosched() // who is about to ask joins this round, which saves the next one; where nobody is, this costs nothing
	}
	batch := n.asker.queue.Begin()
	if batch == nil {
		return
	}
	n.asker.counts.rounds.Add(1)
	n.asker.crowded.Store(batch.Reads() > 1)
	targets := n.electorate().everyone
	a := &asking{
		Round: readindex.NewRound(n.asker.nonce.Add(1)), batch: batch,
		began: n.clock.Monotonic(), at: time.Now(), left: len(targets),
	}
	n.asker.underWay.Store(a)
	if !n.asker.set.Load() && !n.asker.set.Swap(true) {
		n.asker.alarm.Reset(n.roundTime())
	}
	ask := n.question(a.Nonce())
	for i := range targets {
		if t := &targets[i]; t.id != n.id {
			n.ask(a, t, ask)
		}
	}
	own := n.answer(a.Nonce())
	n.hear(a, n.id, &own)
}

// ask asks one peer over the connection that is there; only where there is none a goroutine waits for it.
func (n *Node) ask(a *asking, t *target, question []byte) {
	if t.waiting.Load() >= mostUnanswered {
		return // a round that cannot do without it has its time: it may be slow, and not dead
	}
	t.waiting.Add(1)
	heard := func(body []byte, err error) {
		t.waiting.Add(-1)
		f, _ := n.understand(t.id, body, err)
		n.hear(a, t.id, &f)
	}
	if n.port.Ask(t.address, methodAsk, question, heard) {
		n.asker.counts.messages.Add(1)
		return
	}
	spawned := n.spawn(func() { // ends with the round's time
		ctx, cancel := context.WithTimeout(n.ctx, n.roundTime())
		defer cancel()
		f, _ := n.askOne(ctx, t.peer, a.Nonce())
		t.waiting.Add(-1)
		n.hear(a, t.id, &f)
	})
	if !spawned {
		t.waiting.Add(-1)
		n.hear(a, t.id, &answerFrame{}) // of another round: it counts for nothing
	}
}

// hear takes in what one node says, and ends the round when that decides it.
func (n *Node) hear(a *asking, from string, f *answerFrame) {
	g, valid := a.Add(from, f.answer())
	a.mu.Lock()
	a.left--
	ends := !a.over && (valid || a.left == 0)
	a.over = a.over || ends
	a.mu.Unlock()
	switch {
	case !ends:
	case valid:
		n.endRound(a, g, nil)
	default:
		n.endRound(a, readindex.Grant{}, noLeader("no majority of the voters follows one leader"))
	}
}

// overdue ends the round under way if it has had its time, and sets the alarm for it if not, or for those that may follow.
func (n *Node) overdue() {
	k := &n.asker
	a := k.underWay.Load()
	left, over := n.roundTime(), true
	if a != nil {
		left, over = a.expire(n.roundTime())
	}
	switch {
	case !over && left <= 0:
		n.endRound(a, readindex.Grant{}, noLeader("no majority of the voters follows one leader"))
		left = n.roundTime()
	case over && k.seen.Swap(a) == a: // none since it looked last
		k.set.Store(false)
		if k.underWay.Load() == a || k.set.Swap(true) { // what began meanwhile set the alarm, or counted on this one
			return
		}
	}
	k.alarm.Reset(left)
}

// expire returns how long a round may still take. Where that is no more, whoever called ends it.
func (a *asking) expire(most time.Duration) (left time.Duration, over bool) {
	left = most - time.Since(a.at)
	a.mu.Lock()
	defer a.mu.Unlock()
	over = a.over
	a.over = over || left <= 0
	return left, over
}

// endRound answers the reads of a round, once, and begins the next one if reads wait.
func (n *Node) endRound(a *asking, g readindex.Grant, err error) {
	if err != nil {
		n.asker.counts.invalid.Add(1)
	} else {
		n.asker.remember(g)
		n.replica.estimate.Learn(g.Stamp)
		n.asker.last.Store(&freshness{began: a.began, index: g.Index, generation: g.Generation})
	}
	a.batch.Finish(g, err)
	for n.asker.queue.More() {
		if n.spawn(n.beginRound) { // not here: this is the goroutine that hears a peer
			return
		}
		n.asker.queue.Begin().Finish(readindex.Grant{}, noLeader("this node is shutting down"))
	}
}

// remember keeps who votes.
func (k *asker) remember(g readindex.Grant) {
	if known := k.known.Load(); known == nil || !slices.Equal(*known, g.Voters) {
		k.known.Store(&g.Voters)
	}
}
