package bootstrap

import (
	"errors"
	"fmt"
	"slices"
)

// FirstGeneration is the generation of every newly founded cluster; a restore or recovery begins a later one.
const FirstGeneration = 1

// Peer is one future voter.
type Peer struct {
	ID   string // the node's id
	Addr string // host:port of Raft and RPC
}

// Proposal is a cluster that may be founded. Two proposals are the same only if all fields are.
type Proposal struct {
	Cluster    string // random, so that no two proposals can be taken for each other
	Generation uint64
	Members    []Peer // ordered by id; the first is the coordinator
}

// Coordinator returns the only node that may found the proposal.
func (p Proposal) Coordinator() Peer {
	if len(p.Members) == 0 {
		return Peer{}
	}
	return p.Members[0]
}

// Equal reports whether the two are the same in every field.
func (p Proposal) Equal(q Proposal) bool {
	return p.Cluster == q.Cluster && p.Generation == q.Generation && slices.Equal(p.Members, q.Members)
}

// Peer finds a member by id.
func (p Proposal) Peer(id string) (Peer, bool) {
	for _, m := range p.Members {
		if m.ID == id {
			return m, true
		}
	}
	return Peer{}, false
}

// validate returns the first reason why nobody could found p.
func (p Proposal) validate() error {
	if p.Cluster == "" || p.Generation == 0 {
		return errors.New("no cluster id or generation")
	}
	if !validExpect(len(p.Members)) {
		return fmt.Errorf("%d members, allowed are 1, 3 or 5", len(p.Members))
	}
	addrs := make(map[string]bool)
	for i, m := range p.Members {
		if m.ID == "" || m.Addr == "" {
			return errors.New("a member without id or address")
		}
		if i > 0 && p.Members[i-1].ID >= m.ID {
			return errors.New("members are not ordered by distinct ids")
		}
		if addrs[m.Addr] { // Raft refuses such a configuration
			return fmt.Errorf("two members on %s", m.Addr)
		}
		addrs[m.Addr] = true
	}
	return nil
}

func validExpect(n int) bool { return n == 1 || n == 3 || n == 5 }

// Record is what a node must remember over a restart: the one proposal that it holds.
type Record struct {
	Proposal Proposal
	Complete bool // this node is the coordinator and had all pledges: it founds, whatever happens
}

// holds reports whether r, which may be nil, is for exactly p.
func (r *Record) holds(p Proposal) bool { return r != nil && r.Proposal.Equal(p) }

// ownedBy reports whether the node is the coordinator of what r, which may be nil, holds.
func (r *Record) ownedBy(id string) bool { return r != nil && r.Proposal.Coordinator().ID == id }
