package membership

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/hashicorp/raft"
	"pgregory.net/rapid"

	"github.com/sessnode/sessnode/cluster/gossip"
)

// TestDecide runs the stories in testdata/decide: lines of the configuration, lines of gossip, and what comes out.
func TestDecide(t *testing.T) {
	datadriven.Walk(t, "testdata/decide", func(t *testing.T, path string) {
		s := Situation{Cluster: "k", Generation: 1}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "config":
				s.Config = parseConfig(t, d.Input)
				return ""
			case "gossip":
				s.Members = parseMembers(t, d.Input)
				return ""
			case "decide":
				s.measured(d.CmdArgs)
				return render(Decide(s, DefaultRules()))
			case "remove":
				_, leaving := s.measured(d.CmdArgs[1:]), d.HasArg("leaving")
				if err := MayRemove(s, raft.ServerID(d.CmdArgs[0].Key), leaving); err != nil {
					return "refused: " + err.Error()
				}
				return "may be removed"
			}
			t.Fatalf("unknown command %s", d.Cmd)
			return ""
		})
	})
}

// measured reads arguments like ready=(a,b) almost=c silent=d.
func (s *Situation) measured(args []datadriven.CmdArg) bool {
	s.CaughtUp, s.Silent = map[raft.ServerID]time.Duration{}, map[raft.ServerID]time.Duration{}
	for _, arg := range args {
		for _, id := range arg.Vals {
			switch arg.Key {
			case "ready":
				s.CaughtUp[raft.ServerID(id)] = time.Minute
			case "almost":
				s.CaughtUp[raft.ServerID(id)] = 9 * time.Second
			case "silent":
				s.Silent[raft.ServerID(id)] = time.Minute
			case "quiet":
				s.Silent[raft.ServerID(id)] = 9 * time.Second
			}
		}
	}
	return true
}

// parseConfig reads lines like "a a:1 voter".
func parseConfig(t *testing.T, input string) (c raft.Configuration) {
	for line := range strings.Lines(input) {
		f := strings.Fields(line)
		suffrage, known := map[string]raft.ServerSuffrage{"voter": raft.Voter, "nonvoter": raft.Nonvoter, "staging": raft.Staging}[f[2]]
		if !known {
			t.Fatalf("suffrage in %q", line)
		}
		c.Servers = append(c.Servers, raft.Server{ID: raft.ServerID(f[0]), Address: raft.ServerAddress(f[1]), Suffrage: suffrage})
	}
	return c
}

// parseMembers reads lines like "a a:1", with words for what is unusual.
func parseMembers(t *testing.T, input string) (members []gossip.Member) {
	for line := range strings.Lines(input) {
		f := strings.Fields(line)
		m := gossip.Member{ID: f[0], NodeAddr: f[1], Cluster: "k", Generation: 1, Voter: true, Alive: true}
		for _, word := range f[2:] {
			switch word {
			case "dead":
				m.Alive = false
			case "fresh":
				m.Fresh, m.Cluster, m.Generation = true, "", 0
			case "foreign":
				m.Cluster = "other"
			case "old-generation":
				m.Generation = 9
			case "leaving":
				m.Leaving = true
			case "never-votes":
				m.Voter = false
			default:
				t.Fatalf("word %q", word)
			}
		}
		members = append(members, m)
	}
	return members
}

func render(actions []Action, waiting []Waiting) string {
	var b strings.Builder
	for _, a := range actions {
		role := "nonvoter"
		if a.Voter {
			role = "voter"
		}
		fmt.Fprintf(&b, "%s %s at %s as %s\n", a.Kind, a.ID, a.Addr, role)
	}
	for _, w := range waiting {
		fmt.Fprintf(&b, "%s waits: %s\n", w.ID, w.Reason)
	}
	if b.Len() == 0 {
		return "nothing\n"
	}
	return b.String()
}

// TestWhateverGossipSaysNobodyIsRemovedOrDemoted applies what Decide says, as Raft would, to any configuration under any
// gossip.
func TestWhateverGossipSaysNobodyIsRemovedOrDemoted(t *testing.T) {
	ids := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	addr := rapid.SampledFrom([]string{"h:1", "h:2", "h:3", "h:4", "h:5", "h:6", "h:7", "h:8", "h:9", ""})
	rapid.Check(t, func(t *rapid.T) {
		s := Situation{Cluster: "k", Generation: 1, CaughtUp: map[raft.ServerID]time.Duration{}}
		s.Config.Servers = []raft.Server{{ID: "a", Address: "h:1", Suffrage: raft.Voter}}
		for range rapid.IntRange(1, 25).Draw(t, "rounds") {
			s.Members = nil
			for _, id := range ids {
				m := gossip.Member{
					ID: id, NodeAddr: addr.Draw(t, "addr"), Cluster: rapid.SampledFrom([]string{"k", "k", "k", "other", ""}).Draw(t, "cluster"),
					Generation: rapid.Uint64Range(1, 2).Draw(t, "generation"), Voter: rapid.Bool().Draw(t, "voter"), Alive: rapid.Bool().Draw(t, "alive"),
				}
				s.Members = append(s.Members, m)
				s.CaughtUp[raft.ServerID(id)] = time.Duration(rapid.IntRange(0, 20).Draw(t, "caught up")) * time.Second
			}
			actions, _ := Decide(s, DefaultRules())
			if len(actions) > 0 {
				s.Config = applied(t, s, actions[0])
			}
		}
	})
}

// applied checks one action against its rules and returns the configuration after it.
func applied(t *rapid.T, s Situation, a Action) raft.Configuration {
	after := s.Config.Clone()
	var member gossip.Member
	for _, m := range s.Members {
		if m.ID == string(a.ID) {
			member = m
		}
	}
	if !member.Alive || member.Cluster != s.Cluster || member.Generation != s.Generation || raft.ServerAddress(member.NodeAddr) != a.Addr {
		t.Fatalf("%v rests on %+v", a, member)
	}
	voters := 0
	at := -1
	for i, server := range after.Servers {
		if server.Suffrage == raft.Voter {
			voters++
		}
		if server.ID == a.ID {
			at = i
		} else if server.Address == a.Addr {
			t.Fatalf("%v takes the address of %v", a, server)
		}
	}
	switch {
	case a.Kind == Add && at < 0 && !a.Voter:
		after.Servers = append(after.Servers, raft.Server{ID: a.ID, Address: a.Addr, Suffrage: raft.Nonvoter})
	case a.Kind == Readdress && at >= 0 && a.Voter == (after.Servers[at].Suffrage == raft.Voter):
		after.Servers[at].Address = a.Addr
	case a.Kind == Promote && at >= 0 && a.Voter && after.Servers[at].Suffrage != raft.Voter && voters < 5 && member.Voter:
		after.Servers[at].Suffrage = raft.Voter
	default:
		t.Fatalf("%v on %v", a, s.Config)
	}
	return after
}

func TestRulesThatCannotHoldAreRefused(t *testing.T) {
	for _, bad := range []Rules{{MaxVoters: 4}, {MaxVoters: 11}, {MaxVoters: 0}, {MaxVoters: 3, StableFor: -1}} {
		if bad.Validate() == nil {
			t.Errorf("Validate(%+v) = nil, want an error", bad)
		}
	}
	if err := DefaultRules().Validate(); err != nil {
		t.Errorf("Validate(default) = %v", err)
	}
}
