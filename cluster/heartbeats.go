package cluster

import (
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// wire is a transport that can do what Raft takes for optional too.
type wire interface {
	raft.Transport
	raft.WithPreVote
	raft.WithClose
}

// heartbeats is Raft's transport with a leader's patience. hashicorp/raft gives up leadership when no majority was in contact for a lease
// that cannot be changed while it runs. On a strained machine (see strain) a heartbeat whose answer is still to come is therefore
// reported as contact, for as long as the strain allows beyond the last answer that did come; without strain nothing is. Nothing but the
// lease looks at that contact: what is read and written is settled by majorities (readindex), never by a lease.
//
// A heartbeat goes on by itself when its report was made, and the next one joins it. It is safe for concurrent use.
type heartbeats struct {
	wire
	strain *strain
	every  time.Duration // how long an answer is waited for where there is patience
	stale  time.Duration // age of the last answer from which on it is not waited for any more

	mu      sync.Mutex
	closed  bool
	heard   map[raft.ServerID]contact
	flying  map[raft.ServerID]*flight
	flights sync.WaitGroup
}

var (
	_ raft.Transport   = (*heartbeats)(nil)
	_ raft.WithPreVote = (*heartbeats)(nil)
	_ raft.WithClose   = (*heartbeats)(nil)
)

// contact is when a follower last answered a leader of a term.
type contact struct {
	term uint64
	at   time.Time
}

// flight is one heartbeat under way; answer and err are set before done is closed.
type flight struct {
	term   uint64
	done   chan struct{}
	answer raft.AppendEntriesResponse
	err    error
}

// newHeartbeats wraps a transport for a profile.
func newHeartbeats(t wire, s *strain, p Profile) *heartbeats {
	return &heartbeats{wire: t, strain: s, every: p.Heartbeat / 10, stale: p.Lease / 2,
		heard: map[raft.ServerID]contact{}, flying: map[raft.ServerID]*flight{}}
}

// AppendEntries sends entries, or a heartbeat, to a follower.
func (h *heartbeats) AppendEntries(id raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest, answer *raft.AppendEntriesResponse) error {
	if args.PrevLogEntry != 0 || args.LeaderCommitIndex != 0 || len(args.Entries) > 0 {
		err := h.wire.AppendEntries(id, target, args, answer)
		if err == nil {
			h.contact(id, args.Term)
		}
		return err
	}
	f := h.send(id, target, args)
	if h.wait(f, id) {
		*answer = f.answer
		return f.err
	}
	answer.Term = args.Term
	return nil
}

// wait waits for the end of a heartbeat and reports whether it has come: false = the strain allows not to know it yet.
func (h *heartbeats) wait(f *flight, id raft.ServerID) bool {
	patience := h.every
	if h.age(id, f.term) > h.stale {
		patience = 0 // Raft's lease may be about to be looked at
	}
	for {
		timer := time.NewTimer(patience)
		select {
		case <-f.done:
			timer.Stop()
			return true
		case now := <-timer.C:
			if h.age(id, f.term) <= h.strain.allowance(now) {
				return false
			}
		}
		patience = h.every
	}
}

// send begins a heartbeat where none of this term is under way.
func (h *heartbeats) send(id raft.ServerID, target raft.ServerAddress, args *raft.AppendEntriesRequest) *flight {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f := h.flying[id]; f != nil && f.term == args.Term {
		return f
	}
	f := &flight{term: args.Term, done: make(chan struct{})}
	if h.closed {
		f.err = raft.ErrTransportShutdown
		close(f.done)
		return f
	}
	h.flying[id] = f
	h.flights.Go(func() { // ends with the transport's time-out, or at its Close
		defer close(f.done)
		began := time.Now()
		f.err = h.wire.AppendEntries(id, target, args, &f.answer)
		if now := time.Now(); f.err == nil {
			h.strain.late(now.Sub(began), now)
			h.contact(id, f.term)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.flying[id] == f {
			delete(h.flying, id)
		}
	})
	return f
}

// contact records an answer.
func (h *heartbeats) contact(id raft.ServerID, term uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.heard[id].term <= term {
		h.heard[id] = contact{term, time.Now()}
	}
}

// age is how long ago a follower answered in a term; very long = not yet.
func (h *heartbeats) age(id raft.ServerID, term uint64) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.heard[id]; c.term == term {
		return time.Since(c.at)
	}
	return time.Hour
}

// Close closes the transport and waits for the heartbeats under way.
func (h *heartbeats) Close() error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	err := h.wire.Close()
	h.flights.Wait()
	return err
}
