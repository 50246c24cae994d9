package readindex

import (
	"math/bits"
	"strconv"
	"time"
)

// The model is Raft as far as it matters to a read: terms, persisted votes, logs, commits, one-server configuration
// changes, and one read with its answers. A pause or a lost message is a step that is not taken; a delayed acknowledgement
// is a match that is counted late. Everything is small and comparable, so that states can be remembered.

const (
	most    = 4 // nodes
	longest = 5 // log entries
)

type role uint8

const (
	follower role = iota
	candidate
	leader
)

// entry is a log entry: term, and the voters if it is a configuration (0 if it is not).
type entry struct{ term, voters uint8 }

type node struct {
	term, voted uint8 // voted is the candidate's number plus one
	role        role
	granted     uint8 // mask of those who voted for it
	commit      uint8
	length      uint8
	log         [longest]entry
	match       [most]uint8 // as leader: what it has heard to be stored
}

type reply struct {
	given, lead          bool
	term, commit, voters uint8
}

type state struct {
	nodes   [most]node
	acked   uint8 // the highest index that any leader acknowledged to a client
	reading bool
	floor   uint8 // acked when the read began
	replies [most]reply
}

// weakness is one way to get the rule wrong.
type weakness uint8

const (
	none weakness = iota
	earlyAcks
	nonVoters
	noOwnEntry
	noTerms
	committedVoters
)

// bounds keep the model finite.
type bounds struct {
	nodes    uint8
	voters   uint8 // mask of the first configuration
	maxTerm  uint8
	maxLog   uint8
	configs  uint8 // configuration changes, over all logs
	weakness weakness
}

// start is a leader, node 0, whose term every node is in and whose first entry is committed.
func start(b bounds) state {
	var s state
	for i := range b.nodes {
		n := &s.nodes[i]
		n.term, n.voted, n.length, n.commit = 1, 1, 1, 1
		n.log[0] = entry{term: 1}
	}
	s.nodes[0].role = leader
	s.acked = 1
	for i := range b.nodes {
		s.nodes[0].match[i] = 1
	}
	return s
}

// config returns the voters by the latest configuration within the first length entries.
func (n *node) config(b bounds, length uint8) (voters, at uint8) {
	for i := int(length) - 1; i >= 0; i-- {
		if n.log[i].voters != 0 {
			return n.log[i].voters, uint8(i + 1)
		}
	}
	return b.voters, 0
}

func (n *node) lastTerm() uint8 { return n.log[n.length-1].term }

func isMajority(mask, voters uint8) bool {
	return bits.OnesCount8(mask&voters) > bits.OnesCount8(voters)/2
}

// ready reports whether an entry of the leader's own term is applied.
func (n *node) ready() bool { return n.log[n.commit-1].term == n.term }

// next calls visit with every state that one step leads to.
func (s state) next(b bounds, visit func(state)) {
	for i := range b.nodes {
		s.campaign(b, i, visit)
		s.commit(b, i, visit)
		s.propose(b, i, visit)
		s.reconfigure(b, i, visit)
		s.answer(b, i, visit)
		for j := range b.nodes {
			if i != j {
				s.vote(b, i, j, visit)
				s.replicate(i, j, visit)
				s.learn(i, j, visit)
			}
		}
	}
}

func (s state) campaign(b bounds, i uint8, visit func(state)) {
	n := &s.nodes[i]
	voters, _ := n.config(b, n.length)
	if n.role == leader || n.term >= b.maxTerm || voters>>i&1 == 0 {
		return
	}
	n.term++
	n.voted, n.role, n.granted, n.match = i+1, candidate, 1<<i, [most]uint8{}
	visit(s)
}

// vote lets j grant its vote to i: it persists the term and the vote in the same step, before i counts it.
func (s state) vote(b bounds, i, j uint8, visit func(state)) {
	c, v := &s.nodes[i], &s.nodes[j]
	if c.role != candidate || v.term > c.term || v.term == c.term && v.voted != 0 {
		return
	}
	if c.lastTerm() < v.lastTerm() || c.lastTerm() == v.lastTerm() && c.length < v.length {
		return
	}
	v.term, v.voted, v.role, v.granted, v.match = c.term, i+1, follower, 0, [most]uint8{}
	c.granted |= 1 << j
	if voters, _ := c.config(b, c.length); isMajority(c.granted, voters) && c.length < longest {
		c.role, c.granted = leader, 0
		c.log[c.length] = entry{term: c.term}
		c.length++
		c.match[i] = c.length
	}
	visit(s)
}

// replicate makes j's log equal to the leader's, and lets the leader hear of it.
func (s state) replicate(i, j uint8, visit func(state)) {
	l, f := &s.nodes[i], &s.nodes[j]
	if l.role != leader || f.term > l.term {
		return
	}
	if f.term < l.term {
		f.term, f.voted = l.term, 0
	}
	f.role, f.granted, f.match = follower, 0, [most]uint8{}
	f.log, f.length = l.log, l.length
	f.commit = max(f.commit, min(l.commit, l.length))
	l.match[j] = l.length
	visit(s)
}

// learn lets i step down because it hears of j's higher term.
func (s state) learn(i, j uint8, visit func(state)) {
	n := &s.nodes[i]
	if s.nodes[j].term <= n.term {
		return
	}
	n.term, n.voted, n.role, n.granted, n.match = s.nodes[j].term, 0, follower, 0, [most]uint8{}
	visit(s)
}

// commit advances the leader's commit index to what a majority stored, and acknowledges it to clients. A read may begin right
// then. Beginning it later would explore nothing new: until the next acknowledgement it asks for the same floor, and its
// answers are among those that may be given after this moment.
func (s state) commit(b bounds, i uint8, visit func(state)) {
	l := &s.nodes[i]
	if l.role != leader {
		return
	}
	for index := l.length; index > l.commit && l.log[index-1].term == l.term; index-- {
		stored := uint8(0)
		for j := range b.nodes {
			if l.match[j] >= index {
				stored |= 1 << j
			}
		}
		if voters, _ := l.config(b, l.length); !isMajority(stored, voters) {
			continue
		}
		l.commit = index
		if !s.reading && index > s.acked {
			s.acked = index
			t := s
			t.reading, t.floor, t.acked = true, index, 0
			visit(t)
		}
		visit(s)
		return
	}
}

func (s state) propose(b bounds, i uint8, visit func(state)) {
	l := &s.nodes[i]
	if l.role != leader || l.length >= b.maxLog {
		return
	}
	l.log[l.length] = entry{term: l.term}
	l.length++
	l.match[i] = l.length
	visit(s)
}

// reconfigure adds or removes one server, under hashicorp/raft's rule: the latest configuration is committed, and so is an
// entry of the leader's term.
func (s state) reconfigure(b bounds, i uint8, visit func(state)) {
	l := &s.nodes[i]
	voters, at := l.config(b, l.length)
	if l.role != leader || l.length >= b.maxLog || !l.ready() || at > l.commit || s.configs(b) >= b.configs {
		return
	}
	for j := range b.nodes {
		changed := voters ^ 1<<j
		if changed == 0 {
			continue
		}
		t := s
		m := &t.nodes[i]
		m.log[m.length] = entry{term: m.term, voters: changed}
		m.length++
		m.match[i] = m.length
		visit(t)
	}
}

// configs counts the different configuration entries in all logs. A leader writes each index once a term.
func (s *state) configs(b bounds) uint8 {
	var seen [longest]uint8 // masks of terms by index
	count := 0
	for i := range b.nodes {
		n := &s.nodes[i]
		for k, e := range n.log[:n.length] {
			if e.voters != 0 && seen[k]>>e.term&1 == 0 {
				seen[k] |= 1 << e.term
				count++
			}
		}
	}
	return uint8(count)
}

// answer lets node i answer the read's question.
func (s state) answer(b bounds, i uint8, visit func(state)) {
	n := &s.nodes[i]
	early := b.weakness == earlyAcks && !s.reading
	if !s.reading && !early || s.replies[i].given {
		return
	}
	r := reply{given: true, term: n.term}
	if n.role == leader && !early && (n.ready() || b.weakness == noOwnEntry) {
		r.lead, r.commit = true, n.commit
		r.voters, _ = n.config(b, n.length)
		if b.weakness == committedVoters {
			r.voters, _ = n.config(b, n.commit)
		}
	}
	s.replies[i] = r
	visit(s)
}

// granted returns the index that the answers so far allow to read at.
func (s state) granted(b bounds) (uint64, bool) {
	if b.weakness == none || b.weakness == earlyAcks || b.weakness == noOwnEntry || b.weakness == committedVoters {
		round := NewRound(7)
		var g Grant
		valid := false
		for i := range b.nodes {
			if s.replies[i].given {
				g, valid = round.Add(name(i), s.replies[i].answer())
			}
		}
		return g.Index, valid
	}
	for i := range b.nodes {
		r := s.replies[i]
		if !r.lead {
			continue
		}
		mask := uint8(0)
		for j := range b.nodes {
			if s.replies[j].given && (b.weakness == noTerms || s.replies[j].term == r.term) {
				mask |= 1 << j
			}
		}
		if b.weakness == noTerms {
			mask &= r.voters
		}
		if bits.OnesCount8(mask) > bits.OnesCount8(r.voters)/2 {
			return uint64(r.commit), true
		}
	}
	return 0, false
}

func name(i uint8) string { return strconv.Itoa(int(i)) }

func (r reply) answer() Answer {
	a := Answer{Nonce: 7, Term: uint64(r.term), Wall: time.Time{}}
	if r.lead {
		a.Lead = &Lead{Commit: uint64(r.commit)}
		for i := range uint8(most) {
			if r.voters>>i&1 == 1 {
				a.Lead.Voters = append(a.Lead.Voters, name(i))
			}
		}
	}
	return a
}
