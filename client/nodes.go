package client

import (
	"sync/atomic"
	"time"
)

// node is one address of the cluster.
type node struct {
	base string // "http://host:port"
	breaker
}

// nodes are all addresses of the cluster. Any node answers anything, so calls go round.
type nodes struct {
	all  []*node
	next atomic.Uint64
}

func newNodes(bases []string, first uint64) *nodes {
	n := &nodes{}
	for _, base := range bases {
		n.all = append(n.all, &node{base: base})
	}
	n.next.Store(first)
	return n
}

// round is the order in which one call asks the nodes: each once, then again after a pause.
type round struct {
	nodes *nodes
	start uint64
	asked map[*node]bool
}

func (n *nodes) round() *round {
	return &round{nodes: n, start: n.next.Add(1), asked: make(map[*node]bool, len(n.all))}
}

// pick returns the next node to ask: the first one that was not asked yet in this round and is not left alone. When no
// node of the cluster is open for calls, it is the one whose time is over first. It returns nil when the round is over.
func (r *round) pick(now time.Time) *node {
	count := uint64(len(r.nodes.all))
	var soonest *node
	for i := range count {
		candidate := r.nodes.all[(r.start+i)%count]
		if r.asked[candidate] {
			continue
		}
		if candidate.allow(now) {
			r.asked[candidate] = true
			return candidate
		}
		if soonest == nil || candidate.reopens().Before(soonest.reopens()) {
			soonest = candidate
		}
	}
	if len(r.asked) > 0 || soonest == nil {
		return nil
	}
	r.asked[soonest] = true
	return soonest
}

// again begins the next round.
func (r *round) again() {
	r.start++
	clear(r.asked)
}
