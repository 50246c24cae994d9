package membership

import (
	"fmt"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"github.com/sessnode/sessnode/cluster/gossip"
)

// TestReplacingNeverCostsTheMajority applies what Decide says to clusters whose nodes lose their disks, die, fall silent and come
// back in any order.
func TestReplacingNeverCostsTheMajority(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Situation{Cluster: "k", Generation: 1}
		for _, name := range []string{"a", "b", "c"} {
			s.Config.Servers = append(s.Config.Servers, raft.Server{ID: raft.ServerID(name + "-1"), Address: raft.ServerAddress(name + ":1")})
		}
		for range rapid.IntRange(5, 40).Draw(t, "rounds") {
			s.Members, s.CaughtUp, s.Silent = nil, map[raft.ServerID]time.Duration{}, map[raft.ServerID]time.Duration{}
			for _, name := range []string{"a", "b", "c"} {
				for life := 1; life <= 3; life++ {
					id := fmt.Sprintf("%s-%d", name, life)
					m := gossip.Member{ID: id, NodeAddr: fmt.Sprintf("%s:%d", name, rapid.IntRange(1, 2).Draw(t, "port")), Cluster: "k", Generation: 1, Voter: true}
					m.Alive = rapid.IntRange(0, 2).Draw(t, "alive") > 0
					s.Members = append(s.Members, m)
					s.CaughtUp[raft.ServerID(id)] = time.Duration(rapid.IntRange(5, 15).Draw(t, "kept up")) * time.Second
					if rapid.Bool().Draw(t, "silent") {
						s.Silent[raft.ServerID(id)] = time.Duration(rapid.IntRange(5, 15).Draw(t, "silent for")) * time.Second
					}
				}
			}
			if actions, _ := Decide(s, DefaultRules()); len(actions) > 0 {
				carryOut(t, &s, actions[0])
			}
		}
	})
}

// carryOut checks one action and makes it.
func carryOut(t *rapid.T, s *Situation, a Action) {
	at := -1
	voters := 0
	for i, server := range s.Config.Servers {
		if server.ID == a.ID {
			at = i
		}
		if server.Suffrage == raft.Voter {
			voters++
		}
		if a.Kind != Remove && server.Address == a.Addr && server.ID != a.ID {
			t.Fatalf("%v takes the address of %v", a, server)
		}
	}
	switch a.Kind {
	case Add:
		s.Config.Servers = append(s.Config.Servers, raft.Server{ID: a.ID, Address: a.Addr, Suffrage: raft.Nonvoter})
	case Readdress:
		s.Config.Servers[at].Address = a.Addr
	case Promote:
		s.Config.Servers[at].Suffrage = raft.Voter
		if most := DefaultRules().MaxVoters + 1; voters+1 > most {
			t.Fatalf("%v makes %d voters, at most %d for a moment are allowed", a, voters+1, most)
		}
	case Remove:
		old := s.Config.Servers[at]
		s.Config.Servers = append(append([]raft.Server{}, s.Config.Servers[:at]...), s.Config.Servers[at+1:]...)
		if s.alive(a.ID) || s.Silent[a.ID] < DefaultRules().StableFor {
			t.Fatalf("%v removes a node that was heard of", a)
		}
		if old.Suffrage != raft.Voter {
			return
		}
		if alive := s.aliveVoters(""); voters-1 < 3 || alive < (voters-1)/2+1 {
			t.Fatalf("%v leaves %d voters, %d of them alive", a, voters-1, alive)
		}
	}
}
