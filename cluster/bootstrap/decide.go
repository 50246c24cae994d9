package bootstrap

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sessnode/sessnode/cluster/gossip"
)

// View is what a node sees at one moment. It may be stale or wrong: the pledges keep it harmless.
type View struct {
	Self   gossip.Member
	Others []gossip.Member // as gossip knows them, the dead included
}

// act is what a node does next.
type act uint8

const (
	wait    act = iota // nothing can be done now
	propose            // write down a proposal of the peers
	collect            // ask all members of the own proposal for their pledges
	check              // ask the coordinator of the held proposal whether it still holds it
	found              // found the own, complete proposal
	done               // the node is in a cluster, or takes no part
)

// decision is an act with what it needs, and a reason for people.
type decision struct {
	act    act
	reason string
	peers  []Peer // for propose
}

// decide is the rule of one node. It is a pure function: what is seen and held goes in, what to do comes out.
func decide(expect int, v View, r *Record) decision {
	switch {
	case v.Self.Cluster != "":
		return decision{act: done, reason: "in cluster " + v.Self.Cluster}
	case r.ownedBy(v.Self.ID) && r.Complete:
		return decision{act: found, reason: "all pledges are given"}
	case expect == 0:
		return decision{act: done, reason: "no bootstrap expected: this node joins"}
	case !v.Self.Fresh:
		return decision{act: wait, reason: "this node has Raft state but no cluster: it needs recovery"}
	case r != nil && !r.ownedBy(v.Self.ID):
		return decision{act: check, reason: "pledged to " + r.Proposal.Coordinator().ID + ", which has not founded yet"}
	}
	peers, reason := candidates(expect, v)
	switch {
	case reason != "":
		return decision{act: wait, reason: reason}
	case r != nil && slices.Equal(r.Proposal.Members, peers):
		return decision{act: collect, reason: "collecting pledges"}
	case peers[0].ID == v.Self.ID:
		return decision{act: propose, peers: peers, reason: "proposing a cluster"}
	}
	return decision{act: wait, reason: "waiting for a proposal of " + peers[0].ID}
}

// candidates returns the expect fresh nodes that are seen, ordered by id, or the reason why there is no cluster to found.
func candidates(expect int, v View) ([]Peer, string) {
	peers := []Peer{{v.Self.ID, v.Self.NodeAddr}}
	for _, m := range v.Others {
		switch {
		case m.Cluster != "": // alive or not: better to wait for an operator than to found a second cluster
			return nil, fmt.Sprintf("node %s is in cluster %s: this node joins", m.ID, m.Cluster)
		case !m.Fresh:
			return nil, fmt.Sprintf("node %s has Raft state but no cluster", m.ID)
		case m.Alive:
			peers = append(peers, Peer{m.ID, m.NodeAddr})
		}
	}
	if n := len(peers); n < expect {
		return nil, fmt.Sprintf("%d of %d nodes seen", n, expect)
	} else if n > expect {
		return nil, fmt.Sprintf("%d fresh nodes seen where %d are expected: stop some, or expect more", n, expect)
	}
	slices.SortFunc(peers, func(a, b Peer) int { return cmp.Compare(a.ID, b.ID) })
	if err := (Proposal{Cluster: "x", Generation: 1, Members: peers}).validate(); err != nil {
		return nil, err.Error()
	}
	return peers, ""
}

// judge answers a request for a pledge. A pledge that is not held yet has to be persisted before the answer is sent.
// It is a pure function.
func judge(expect int, v View, r *Record, p Proposal) (ok bool, reason string) {
	if v.Self.Cluster != "" {
		return false, "in cluster " + v.Self.Cluster
	}
	if !v.Self.Fresh {
		return false, "this node has Raft state"
	}
	if r.holds(p) {
		return true, ""
	}
	if err := p.validate(); err != nil {
		return false, err.Error()
	}
	self, isMember := p.Peer(v.Self.ID)
	switch {
	case len(p.Members) != expect:
		return false, fmt.Sprintf("this node expects %d members", expect)
	case !isMember || self.Addr != v.Self.NodeAddr:
		return false, "this node is not a member, or under another address"
	case p.Coordinator().ID == v.Self.ID:
		return false, "only this node itself could propose that"
	case r != nil && !r.ownedBy(v.Self.ID):
		return false, "pledged to " + r.Proposal.Coordinator().ID
	case r != nil && r.Complete:
		return false, "founding another cluster"
	}
	// An own, incomplete proposal gives way: the coordinator of p has a lower id, and nobody else can found ours.
	peers, reason := candidates(expect, v)
	if reason != "" {
		return false, reason
	}
	if !slices.Equal(peers, p.Members) {
		return false, "this node sees other members"
	}
	return true, ""
}
