package view

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/term"
)

// three are the members of a cluster of three, as the leader n1 sees them.
func three() []sessnode.Member {
	return []sessnode.Member{
		{ID: "n1-0000000000000001", Name: "n1", HTTPAddr: "10.0.0.1:7480", NodeAddr: "10.0.0.1:7481", Voter: true, Leader: true, Alive: true, Applied: 100, Version: "v1"},
		{ID: "n2-0000000000000002", Name: "n2", HTTPAddr: "10.0.0.2:7480", NodeAddr: "10.0.0.2:7481", Voter: true, Alive: true, Applied: 99, Version: "v1"},
		{ID: "n3-0000000000000003", Name: "n3", HTTPAddr: "10.0.0.3:7480", NodeAddr: "10.0.0.3:7481", Voter: true, Alive: true, Applied: 90, Version: "v1"},
	}
}

// seen is what a member answers when all is well; change makes it otherwise.
func seen(i int, change ...func(*sight)) sight {
	m := three()[i]
	s := sight{address: "http://" + m.HTTPAddr, took: 3 * time.Millisecond, checks: []sessnode.Check{{Name: "leader", OK: true}, {Name: "applied", OK: true}}}
	s.status = sessnode.Status{Cluster: "c", Generation: 1, Node: m.ID, Leader: three()[0].ID, Term: 4, Commit: 100, Applied: m.Applied, Sessions: 12345,
		Bytes: 3 << 20, Budget: 1 << 30, Members: three(), Now: noonUTC}
	for _, f := range change {
		f(&s)
	}
	return s
}

var noonUTC = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func silent(i int) sight {
	return sight{address: "http://" + three()[i].HTTPAddr, err: errors.New("connection refused")}
}

func failing(name, detail string) func(*sight) {
	return func(s *sight) { s.checks = []sessnode.Check{{Name: "running", OK: true}, {Name: name, Detail: detail}} }
}

// dead makes the others' gossip think so of a member.
func dead(i int) func(*sight) {
	return func(s *sight) { s.status.Members[i].Alive = false }
}

func leaderless(s *sight) { s.status.Leader = "" }

func TestHealthInASentence(t *testing.T) {
	for name, test := range map[string]struct {
		sights []sight
		health Health
		want   string
	}{
		"all well":          {[]sight{seen(0), seen(1), seen(2)}, Healthy, "Healthy: 3 of 3 voters; can lose 1 node"},
		"one down":          {[]sight{seen(0, dead(2)), seen(1, dead(2)), silent(2)}, Degraded, "Degraded: n3 does not answer; can lose 0 nodes"},
		"one out of reach":  {[]sight{seen(0), seen(1), silent(2)}, Degraded, "Degraded: n3 does not answer here (its peers see it); can lose 1 node"},
		"one behind":        {[]sight{seen(0), seen(1, failing("applied", "restoring")), seen(2)}, Degraded, "Degraded: n2 is behind; can lose 1 node"},
		"one stopping":      {[]sight{seen(0), seen(1, failing("draining", "about to stop")), seen(2)}, Degraded, "Degraded: n2 is stopping; can lose 0 nodes"},
		"one drained":       {[]sight{seen(0), seen(1, failing("drained", "at an operator's wish")), seen(2)}, Degraded, "Degraded: n2 is drained; can lose 1 node"},
		"two troubles":      {[]sight{seen(0, dead(1)), silent(1), seen(2, failing("running", "disk"), dead(1))}, Degraded, "Degraded: n2 does not answer, n3 has stopped itself; can lose 0 nodes"},
		"no leader":         {[]sight{seen(0, leaderless, failing("leader", "none")), silent(1), silent(2)}, NoLeader, "No leader: reads and changes wait (1 of 3 voters answer, 2 are needed)"},
		"election":          {[]sight{seen(0), seen(1, leaderless, func(s *sight) { s.status.Term = 5 }), seen(2)}, NoLeader, "No leader: reads and changes wait (3 of 3 voters answer, 2 are needed)"},
		"none answers":      {[]sight{silent(0), silent(1)}, Unreachable, "Unreachable: none of 2 nodes answers"},
		"the one is silent": {[]sight{silent(0)}, Unreachable, "Unreachable: the node does not answer"},
		"nearly full":       {[]sight{seen(0, func(s *sight) { s.status.Bytes = 990 << 20 }), seen(1), seen(2)}, Degraded, "Degraded: the store is 96 % full; can lose 1 node"},
		"full":              {[]sight{seen(0, func(s *sight) { s.status.Bytes = 1 << 30 }), seen(1), seen(2)}, Degraded, "Degraded: the store is full: new sessions are refused; can lose 1 node"},
		"a stranger": {[]sight{seen(0), seen(1), seen(2), seen(0, func(s *sight) {
			s.address, s.status.Cluster, s.status.Node, s.status.Term, s.status.Members = "http://10.0.0.9:7480", "other", "x", 1, nil
		})}, Degraded, "Degraded: 10.0.0.9:7480 belongs to another cluster; can lose 1 node"},
		"one that joins": {[]sight{seen(0, func(s *sight) {
			s.status.Members = append(s.status.Members, sessnode.Member{ID: "n4-4", Name: "n4", Alive: true})
		}), seen(1), seen(2)},
			Degraded, "Degraded: n4 does not answer here (its peers see it); can lose 1 node"},
	} {
		c := assemble(test.sights)
		if c.Health != test.health || c.Summary != test.want {
			t.Errorf("%s: %s, %q, want %s, %q", name, c.Health, c.Summary, test.health, test.want)
		}
	}
}

func TestTheLeadersViewCounts(t *testing.T) {
	stale := seen(1, func(s *sight) {
		s.status.Term, s.status.Leader, s.status.Sessions = 3, three()[1].ID, 7
		s.status.Members = s.status.Members[1:2]
	})
	c := assemble([]sight{stale, seen(2), seen(0)})
	if c.Leader != "n1" || c.Term != 4 || c.Sessions != 12345 || len(c.Nodes) != 3 || c.Voters != 3 {
		t.Errorf("picture = %+v, want that of the highest term", c)
	}
}

func TestClusterIsATable(t *testing.T) {
	c := assemble([]sight{seen(0, dead(2)), seen(1, dead(2), failing("applied", "restoring")), silent(2)})
	same(t, "table", c.Sentence(people.Screen)+"\n"+c.Facts(people)+"\n"+strings.Join(c.Table(people, false).Lines(people.Screen), "\n"), `
! Degraded: n2 is behind, n3 does not answer; can lose 0 nodes
leader n1 · term 4 · generation 1 · 12,345 sessions in 3 MiB of 1 GiB
NODE     ROLE      STATE     HTTP           APPLIED  LAG  SESSIONS  VERSION
n1       leader    ✓ ready   10.0.0.1:7480      100    0    12,345  v1
n2       follower  ! behind  10.0.0.2:7480       99    1    12,345  v1
n3       follower  ✗ down    10.0.0.3:7480       90   10         -  v1
───────  ────────  ────────  ─────────────  ───────  ───  ────────  ───────
3 nodes                                                     12,345`)
	var tsv bytes.Buffer
	if err := c.Table(programs, true).TSV(&tsv); err != nil {
		t.Fatal(err)
	}
	same(t, "TSV", tsv.String(), strings.ReplaceAll(`
node|role|state|http|applied|lag|sessions|version|term|answer_ms|node_addr|id|detail
n1|leader|ready|10.0.0.1:7480|100|0|12345|v1|4|3|10.0.0.1:7481|n1-0000000000000001|
n2|follower|behind|10.0.0.2:7480|99|1|12345|v1|4|3|10.0.0.2:7481|n2-0000000000000002|restoring
n3|follower|down|10.0.0.3:7480|90|10|0|v1|0|0|10.0.0.3:7481|n3-0000000000000003|it does not answer`, "|", "\t"))
	for _, line := range c.Table(people, false).Lines(term.Screen{TTY: true, Width: 80}) {
		if term.Width(line) > 80 {
			t.Errorf("wider than 80 columns: %q", line)
		}
	}
}
