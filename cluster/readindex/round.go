package readindex

import (
	"sync"
	"time"
)

// Answer is what one node says when it is asked.
type Answer struct {
	Nonce uint64    // of the round that asked
	Term  uint64    // its current term, read after the question arrived
	Wall  time.Time // its wall clock, for the cluster clock
	Lead  *Lead     // what the leader adds; nil from all others
}

// Lead is what a leader adds to its answer. It may only do so if an entry of its term is applied, and if it was leader in
// Answer.Term both before and after it read the commit index.
type Lead struct {
	Commit     uint64
	Stamp      int64    // present cluster time, ns since the epoch
	Generation uint64   // which life of the cluster
	Voters     []string // not to be changed any more
}

// Grant is what a valid round allows.
type Grant struct {
	Leader     string
	Term       uint64
	Index      uint64 // apply at least this much before answering
	Stamp      int64  // the leader's cluster time at some moment within the round
	Generation uint64
	Voters     []string // the leader's own
}

// Round collects the answers to one question.
type Round struct {
	nonce uint64

	mu      sync.Mutex
	answers answers
}

// answers holds one for each node, its last. There are as many as voters: looking through them is faster than a map.
type answers []struct {
	from string
	Answer
}

func (as answers) of(node string) *Answer {
	for i := range as {
		if as[i].from == node {
			return &as[i].Answer
		}
	}
	return nil
}

// NewRound begins a round. The nonce must never have been used before by this node.
func NewRound(nonce uint64) *Round {
	return &Round{nonce: nonce, answers: make(answers, 0, 5)}
}

// Nonce returns what the answers must carry.
func (r *Round) Nonce() uint64 { return r.nonce }

// Add takes in a node's answer. The second result says whether the round is valid now.
func (r *Round) Add(from string, a Answer) (Grant, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.Nonce != r.nonce {
		return Grant{}, false
	}
	if old := r.answers.of(from); old != nil {
		*old = a
	} else {
		r.answers = append(r.answers, answers{{from, a}}...)
	}
	return decide(r.answers)
}

// Answers returns how many nodes have answered.
func (r *Round) Answers() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.answers)
}

// decide looks for a leader that a majority of its voters is in one term with. There can be answers of two that both take
// themselves for the leader, but never a majority for the older one that would matter: see the package comment.
func decide(all answers) (Grant, bool) {
	var best Grant
	found := false
	for i := range all {
		a := &all[i]
		if a.Lead == nil || found && a.Term <= best.Term {
			continue
		}
		if majority(a.Lead.Voters, func(voter string) bool {
			theirs := all.of(voter)
			return theirs != nil && theirs.Term == a.Term
		}) {
			best, found = Grant{
				Leader: a.from, Term: a.Term, Index: a.Lead.Commit, Stamp: a.Lead.Stamp, Generation: a.Lead.Generation,
				Voters: a.Lead.Voters,
			}, true
		}
	}
	return best, found
}

// majority reports whether more than half of the voters satisfy in. Without voters there is none.
func majority(voters []string, in func(string) bool) bool {
	n := 0
	for _, voter := range voters {
		if in(voter) {
			n++
		}
	}
	return n > len(voters)/2
}
