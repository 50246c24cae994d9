package membership

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/gossip"
)

// NameIn returns the name that a node id begins with: ids are minted as "NAME-16hex".
func NameIn(id string) string {
	if dash := strings.LastIndexByte(id, '-'); dash > 0 {
		return id[:dash]
	}
	return id
}

// Succession says who may have been replaced: for each node of the configuration that gossip does not show alive, the node that
// lives under its name. Of several the one that votes already, else the first by id. It is a pure function.
func Succession(config raft.Configuration, members []gossip.Member) map[raft.ServerID]raft.ServerID {
	alive := map[raft.ServerID]gossip.Member{}
	for _, m := range members {
		if m.Alive {
			alive[raft.ServerID(m.ID)] = m
		}
	}
	votes := map[raft.ServerID]bool{}
	for _, s := range config.Servers {
		votes[s.ID] = s.Suffrage == raft.Voter
	}
	order := slices.Sorted(maps.Keys(alive))
	slices.SortStableFunc(order, func(a, b raft.ServerID) int {
		switch {
		case votes[a] == votes[b]:
			return 0
		case votes[a]:
			return -1
		}
		return 1
	})
	next := map[raft.ServerID]raft.ServerID{}
	for _, old := range config.Servers {
		if _, lives := alive[old.ID]; lives {
			continue
		}
		i := slices.IndexFunc(order, func(id raft.ServerID) bool {
			return alive[id].Voter && NameIn(string(id)) == NameIn(string(old.ID))
		})
		if i >= 0 {
			next[old.ID] = order[i]
		}
	}
	return next
}

// replaced is Succession, of those that have not answered the leader for long enough either: UDP that is lost must not cost
// anybody a vote.
func (s Situation) replaced(rules Rules) map[raft.ServerID]raft.ServerID {
	next := Succession(s.Config, s.Members)
	for old := range next {
		if silent, asked := s.Silent[old]; !asked || silent < rules.StableFor {
			delete(next, old)
		}
	}
	return next
}

// twin returns a node of the configuration that lives and has the same name as another one, which would otherwise take its place as
// soon as it fell silent; "" for none.
func (p *plan) twin(id raft.ServerID) raft.ServerID {
	for _, other := range slices.Sorted(maps.Keys(p.known)) {
		if other != id && NameIn(string(other)) == NameIn(string(id)) && p.alive(other) {
			return other
		}
	}
	return ""
}

// vacate gives a node that was replaced on its own address another one, at which nobody is: its successor needs the address to come
// in, and must be in before the old one goes. Removing that one first would shrink the quorum.
func (p *plan) vacate(old raft.ServerID) {
	p.actions = append(p.actions, Action{Readdress, old, raft.ServerAddress(string(old) + vacated), p.known[old].Suffrage == raft.Voter})
}

// vacated follows a node's id in an address at which nobody is (RFC 2606).
const vacated = ".replaced.invalid:1"

// takesPlace reports whether a node may become a voter instead of another one: one at a time, so that there is never more than one
// voter too many.
func (p *plan) takesPlace(id raft.ServerID) bool {
	takes := false
	for old, next := range p.replaced {
		if p.known[old].Suffrage != raft.Voter {
			continue
		}
		if server, known := p.known[next]; known && server.Suffrage == raft.Voter {
			return false // that one is to be removed first
		}
		takes = takes || next == id
	}
	return takes && p.voters <= p.rules.MaxVoters
}

// removeReplaced removes nodes whose successor has come so far: a voter's must vote, and have kept up.
func (p *plan) removeReplaced(s Situation) {
	for _, old := range slices.Sorted(maps.Keys(p.replaced)) {
		next, isMember := p.known[p.replaced[old]]
		if !isMember { // it comes in first
			continue
		}
		if p.known[old].Suffrage != raft.Voter {
			p.remove(old)
			continue
		}
		kept, asked := s.CaughtUp[next.ID]
		switch {
		case next.Suffrage != raft.Voter: // it is promoted first
		case !asked || kept < p.rules.StableFor:
			p.wait(old, "is replaced by %s, which has not kept up for %v yet", next.ID, p.rules.StableFor)
		case s.aliveVoters(old) < (p.voters-1)/2+1:
			p.wait(old, "is replaced by %s, but without it fewer than a majority of the other voters are alive", next.ID)
		default:
			p.remove(old)
		}
	}
}

func (p *plan) remove(id raft.ServerID) {
	p.actions = append(p.actions, Action{Kind: Remove, ID: id, Addr: p.known[id].Address})
}

// aliveVoters counts the voters that gossip shows alive, but one.
func (s Situation) aliveVoters(but raft.ServerID) (n int) {
	for _, server := range s.Config.Servers {
		if server.ID != but && server.Suffrage == raft.Voter && s.alive(server.ID) {
			n++
		}
	}
	return n
}

func (s Situation) alive(id raft.ServerID) bool {
	return slices.ContainsFunc(s.Members, func(m gossip.Member) bool { return m.ID == string(id) && m.Alive })
}
