package view

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

// Health is how a cluster is, in a word.
type Health string

// The healths, from good to bad.
const (
	Healthy     Health = "healthy"     // every voter is ready
	Degraded    Health = "degraded"    // it serves, but something is wrong or one more failure may be one too many
	NoLeader    Health = "no_leader"   // no node leads: reads and changes wait
	Unreachable Health = "unreachable" // no node answers here
)

// Cluster is the picture that the views of its nodes make, and its JSON form.
type Cluster struct {
	Health     Health     `json:"health" doc:"healthy, degraded, no_leader or unreachable"`
	Summary    string     `json:"summary" doc:"the health in a sentence"`
	ID         string     `json:"cluster,omitempty" doc:"the cluster's id"`
	Generation uint64     `json:"generation,omitempty" doc:"which life of the cluster it is"`
	Leader     string     `json:"leader,omitempty" doc:"the leader's name; left out while there is none"`
	Term       uint64     `json:"term,omitempty" doc:"Raft's term"`
	Commit     uint64     `json:"commit,omitempty" doc:"the last log entry that a majority has"`
	Now        *time.Time `json:"now,omitempty" doc:"cluster time"`
	Sessions   uint64     `json:"sessions" doc:"sessions that are stored"`
	Bytes      uint64     `json:"bytes" doc:"what they take"`
	Budget     uint64     `json:"budget" doc:"what they may take; 0: no limit"`
	Voters     int        `json:"voters" doc:"nodes that vote"`
	Serving    int        `json:"serving" doc:"voters that are ready, as far as can be seen from here"`
	Quorum     int        `json:"quorum" doc:"voters that are needed"`
	CanLose    int        `json:"can_lose" doc:"how many more voters may fail"`
	Nodes      []Node     `json:"nodes" doc:"each node"`
}

// Node is one node in the picture.
type Node struct {
	Name     string `json:"name" doc:"its name; its address where the name is not known"`
	ID       string `json:"id,omitempty" doc:"its id"`
	Role     string `json:"role" doc:"leader, follower, joining (no voter yet) or unknown"`
	State    string `json:"state" doc:"ready, behind, draining, drained, no_leader, joining, stopped, stranger, unreachable (its peers see it) or down"`
	Detail   string `json:"detail,omitempty" doc:"why it is not ready"`
	HTTP     string `json:"http,omitempty" doc:"where its HTTP API is"`
	NodeAddr string `json:"node_addr,omitempty" doc:"its node port"`
	Voter    bool   `json:"voter" doc:"whether it votes"`
	Term     uint64 `json:"term,omitempty" doc:"Raft's term as it knows it"`
	Applied  uint64 `json:"applied" doc:"the last log entry that it has applied, as last heard"`
	Lag      uint64 `json:"lag" doc:"log entries that it is behind"`
	Sessions uint64 `json:"sessions,omitempty" doc:"sessions that it has stored"`
	Version  string `json:"version,omitempty" doc:"what it runs"`
	Millis   int64  `json:"answer_ms,omitempty" doc:"how long its answer took, in milliseconds"`
}

// fullAt is from which part of its budget a cluster is reported as nearly full, in percent.
const fullAt = 90

// assemble makes one picture of several views.
func assemble(sights []sight) Cluster {
	c := Cluster{Nodes: []Node{}}
	best := leading(sights)
	if best == nil {
		for _, s := range sights {
			c.Nodes = append(c.Nodes, absent(s))
		}
		c.judge()
		return c
	}
	s := best.status
	c.ID, c.Generation, c.Term, c.Commit, c.Now = s.Cluster, s.Generation, s.Term, s.Commit, stamp(s.Now)
	c.Sessions, c.Bytes, c.Budget = s.Sessions, s.Bytes, s.Budget
	for _, m := range members(sights, s) {
		n := nodeOf(m, sights, s)
		if m.ID == s.Leader {
			c.Leader, n.Role = n.Name, "leader"
		}
		if m.Voter {
			c.Voters++
		}
		c.Nodes = append(c.Nodes, n)
	}
	for _, s := range sights {
		if !s.answered() && !slices.ContainsFunc(c.Nodes, func(n Node) bool { return n.HTTP == hostOf(s.address) }) {
			c.Nodes = append(c.Nodes, absent(s))
		} else if s.answered() && s.status.Cluster != c.ID {
			c.Nodes = append(c.Nodes, stranger(s))
		}
	}
	slices.SortFunc(c.Nodes, func(a, b Node) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	c.judge()
	return c
}

// leading picks the view that the picture is made from: that of the leader, else the one that knows most. The leader is the one
// that the views of the highest term name.
func leading(sights []sight) *sight {
	var best *sight
	rank := func(s *sight) [4]uint64 {
		known, own := uint64(0), uint64(0)
		if s.status.Leader != "" {
			known = 1
		}
		if s.status.Leader == s.status.Node {
			own = known
		}
		return [4]uint64{s.status.Term, known, own, s.status.Applied}
	}
	for i := range sights {
		s := &sights[i]
		if !s.answered() {
			continue
		}
		if a := rank(s); best == nil || slices.Compare(a[:], ranked(rank(best))) > 0 {
			best = s
		}
	}
	return best
}

func ranked(r [4]uint64) []uint64 { return r[:] }

// members are those of the leading view. What other views heard of them later counts too.
func members(sights []sight, s sessnode.Status) []sessnode.Member {
	list := slices.Clone(s.Members)
	for i := range list {
		for _, other := range sights {
			for _, m := range other.status.Members {
				if m.ID == list[i].ID && other.status.Cluster == s.Cluster {
					list[i].Applied = max(list[i].Applied, m.Applied)
					list[i].Alive = list[i].Alive || m.Alive && other.status.Node != m.ID
				}
			}
		}
	}
	return list
}

func nodeOf(m sessnode.Member, sights []sight, leading sessnode.Status) Node {
	n := Node{Name: m.Name, ID: m.ID, Role: "follower", HTTP: m.HTTPAddr, NodeAddr: m.NodeAddr, Voter: m.Voter, Applied: m.Applied, Version: m.Version}
	if !m.Voter {
		n.Role = "joining"
	}
	i := slices.IndexFunc(sights, func(s sight) bool { return s.answered() && s.status.Node == m.ID })
	if i >= 0 {
		s := sights[i]
		n.Term, n.Applied, n.Sessions, n.Millis = s.status.Term, s.status.Applied, s.status.Sessions, max(1, s.took.Milliseconds())
		if n.HTTP == "" {
			n.HTTP = hostOf(s.address)
		}
		n.State, n.Detail = stateOf(s.checks)
	} else {
		n.State, n.Detail = "down", "it does not answer"
		if m.Alive {
			n.State, n.Detail = "unreachable", "it does not answer here, but its peers see it"
		}
	}
	if leading.Commit > n.Applied {
		n.Lag = leading.Commit - n.Applied
	}
	return n
}

// stateOf turns the first check that failed into a word.
func stateOf(checks []sessnode.Check) (state, detail string) {
	words := map[string]string{"running": "stopped", "serving": "draining", "draining": "draining", "drained": "drained", "member": "joining", "leader": "no_leader", "applied": "behind"}
	for _, c := range checks {
		if !c.OK {
			return cmp.Or(words[c.Name], "not_ready"), cmp.Or(c.Detail, c.Name+" failed")
		}
	}
	return "ready", ""
}

// absent is a node that was named and does not answer, and that no view knows by this address.
func absent(s sight) Node {
	address := hostOf(s.address)
	detail := "it does not answer"
	var e *sessnode.Error
	switch {
	case s.err == nil:
		detail = ""
	case errors.As(s.err, &e) && strings.Contains(e.Detail, "TLS"): // a wrong scheme or authority looks like a dead node otherwise
		_, detail, _ = strings.Cut(e.Detail, s.address+": ")
	}
	return Node{Name: address, Role: "unknown", State: "down", Detail: detail, HTTP: address}
}

// stranger is a node that belongs to another cluster than the one that the picture is of.
func stranger(s sight) Node {
	n := absent(s)
	n.ID, n.State, n.Detail = s.status.Node, "stranger", "it belongs to another cluster"
	if s.status.Cluster == "" {
		n.State, n.Detail = "joining", "it belongs to no cluster yet"
	}
	return n
}

// hostOf takes the scheme away from a node's address: members report themselves without one.
func hostOf(address string) string {
	_, host, _ := strings.Cut(address, "://")
	return host
}
