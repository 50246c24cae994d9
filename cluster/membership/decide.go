package membership

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/gossip"
)

// Rules bound what Decide does.
type Rules struct {
	MaxVoters int           // odd, 1 to 9; default 5: more voters make every write slower and one more failure unlikelier to matter
	MaxLag    uint64        // log entries that a non-voter may be behind and still count as caught up; default 64
	StableFor time.Duration // how long it must have been caught up before it votes; default 10 s
}

// DefaultRules returns the defaults.
func DefaultRules() Rules { return Rules{MaxVoters: 5, MaxLag: 64, StableFor: 10 * time.Second} }

// Validate returns the first rule that cannot hold.
func (r Rules) Validate() error {
	if r.MaxVoters < 1 || r.MaxVoters > 9 || r.MaxVoters%2 == 0 {
		return fmt.Errorf("membership: max voters is %d, allowed are 1, 3, 5, 7 or 9", r.MaxVoters)
	}
	if r.StableFor < 0 {
		return fmt.Errorf("membership: stable time is %v, allowed is 0 or more", r.StableFor)
	}
	return nil
}

// Situation is all that Decide looks at.
type Situation struct {
	Cluster    string
	Generation uint64
	Config     raft.Configuration
	Members    []gossip.Member
	CaughtUp   map[raft.ServerID]time.Duration // for how long each node that was asked has kept up; absent = it has not
	Silent     map[raft.ServerID]time.Duration // for how long each node that may have been replaced has not answered the leader
}

// Kind is a change of the configuration that this package may make.
type Kind uint8

// The kinds. There is none that demotes.
const (
	Add       Kind = iota // a new node, as non-voter
	Promote               // a non-voter becomes a voter
	Readdress             // a known node has moved; its suffrage stays
	Remove                // a node whose name has passed on to another one, which has taken its place
)

// String returns the word used in logs.
func (k Kind) String() string {
	switch k {
	case Add:
		return "add"
	case Promote:
		return "promote"
	case Readdress:
		return "readdress"
	case Remove:
		return "remove"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Action is one change of the configuration.
type Action struct {
	Kind  Kind
	ID    raft.ServerID
	Addr  raft.ServerAddress
	Voter bool // what the node is afterwards
}

// Waiting is a node that is not (yet) what it could be, and why.
type Waiting struct {
	ID     raft.ServerID
	Reason string
}

// Decide says what to change, in order of urgency, and what has to wait. It is a pure function. Only the first action may
// be carried out: the others were judged by a configuration that it changes.
func Decide(s Situation, rules Rules) ([]Action, []Waiting) {
	p := &plan{alive: s.alive, rules: rules, known: make(map[raft.ServerID]raft.Server), owner: make(map[raft.ServerAddress]raft.ServerID)}
	for _, server := range s.Config.Servers {
		p.known[server.ID] = server
		p.owner[server.Address] = server.ID
		if server.Suffrage == raft.Voter {
			p.voters++
		}
	}
	if p.voters == 0 { // not founded yet, or a configuration that this node cannot judge
		return nil, nil
	}
	members := slices.Clone(s.Members)
	slices.SortFunc(members, func(a, b gossip.Member) int { return cmp.Compare(a.ID, b.ID) })
	members = slices.DeleteFunc(members, func(m gossip.Member) bool { return !s.speaksFor(m) })
	p.replaced = s.replaced(rules)
	for _, m := range members {
		p.readdress(m)
	}
	p.removeReplaced(s)
	p.promote(members, s.CaughtUp)
	for _, m := range members {
		p.add(m)
	}
	return p.actions, p.waiting
}

// speaksFor reports whether what m says may lead to a change: it lives, and is of this life of this cluster. A fresh node
// asks to join by adopting the cluster first.
func (s Situation) speaksFor(m gossip.Member) bool {
	return m.Alive && m.NodeAddr != "" && s.Cluster != "" && m.Cluster == s.Cluster && m.Generation == s.Generation
}

// plan gathers what Decide returns.
type plan struct {
	rules   Rules
	known   map[raft.ServerID]raft.Server
	owner   map[raft.ServerAddress]raft.ServerID
	voters  int
	actions []Action
	waiting []Waiting

	alive    func(raft.ServerID) bool
	replaced map[raft.ServerID]raft.ServerID // who lost its name to whom, by the one that lost it
}

func (p *plan) wait(id raft.ServerID, format string, args ...any) {
	p.waiting = append(p.waiting, Waiting{id, fmt.Sprintf(format, args...)})
}

// free reports whether addr can be written for id: Raft refuses a configuration with one address twice.
func (p *plan) free(id raft.ServerID, addr raft.ServerAddress) bool {
	owner, taken := p.owner[addr]
	if taken && owner != id {
		if p.replaced[owner] == id {
			p.vacate(owner)
			return false
		}
		p.wait(id, "its address %s belongs to node %s in the configuration: it must move or be removed first", addr, owner)
		return false
	}
	return true
}

func (p *plan) readdress(m gossip.Member) {
	id, addr := raft.ServerID(m.ID), raft.ServerAddress(m.NodeAddr)
	server, known := p.known[id]
	if known && server.Address != addr && p.free(id, addr) {
		p.actions = append(p.actions, Action{Readdress, id, addr, server.Suffrage == raft.Voter})
	}
}

func (p *plan) add(m gossip.Member) {
	id, addr := raft.ServerID(m.ID), raft.ServerAddress(m.NodeAddr)
	_, known := p.known[id]
	if twin := p.twin(id); !known && twin != "" {
		p.wait(id, "node %s lives under the same name: give one of the two another name", twin)
		return
	}
	if !known && !m.Leaving && p.free(id, addr) {
		p.actions = append(p.actions, Action{Add, id, addr, false})
	}
}

// promote lets at most one non-voter vote: the first by id of those that are ready.
func (p *plan) promote(members []gossip.Member, caughtUp map[raft.ServerID]time.Duration) {
	var ready []Action
	for _, m := range members {
		server, known := p.known[raft.ServerID(m.ID)]
		if !known || server.Suffrage == raft.Voter || !m.Voter || m.Leaving || server.Address != raft.ServerAddress(m.NodeAddr) {
			continue
		}
		since, ok := caughtUp[server.ID]
		if !ok || since < p.rules.StableFor {
			p.wait(server.ID, "not caught up for %v yet", p.rules.StableFor)
			continue
		}
		ready = append(ready, Action{Promote, server.ID, server.Address, true})
	}
	if len(ready) == 0 {
		return
	}
	for _, a := range ready { // for a moment there is one voter more, and the next step removes the old one
		if p.takesPlace(a.ID) {
			p.actions = append(p.actions, a)
			return
		}
	}
	odd := p.voters%2 == 1
	switch {
	case p.voters >= p.rules.MaxVoters:
		p.waitAll(ready, fmt.Sprintf("there are %d voters already", p.voters))
	case odd && len(ready) < 2:
		p.waitAll(ready, fmt.Sprintf("a voter more than %d would tolerate no failure more: waits for another node", p.voters))
	default:
		p.actions = append(p.actions, ready[0])
	}
}

func (p *plan) waitAll(ready []Action, reason string) {
	for _, a := range ready {
		p.wait(a.ID, "%s", reason)
	}
}
