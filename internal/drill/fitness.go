package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/local"
)

// appPrefix begins the names of the apps in which drills of live clusters work. One that exists is another drill, or what is left of one.
const appPrefix = "drill-"

// Fitness is whether a live cluster may be drilled at this moment.
type Fitness struct {
	Cluster    string // its id
	Nodes      int
	Leader     string // the name of the node that leads; empty where that is not clear
	Conditions []Condition
}

// Condition is one thing that has to hold before a live cluster is drilled.
type Condition struct {
	Title string // what has to hold
	OK    bool
	Seen  string // a few words
	Cure  string // what to do, where it does not hold
}

// Unmet lists the conditions that do not hold.
func (f Fitness) Unmet() []Condition {
	return slices.DeleteFunc(slices.Clone(f.Conditions), func(c Condition) bool { return c.OK })
}

// leastVoters is how many voters a cluster must have to lose one.
const leastVoters = 3

// Examine asks all nodes of a cluster that runs elsewhere, and changes nothing. It returns an error where its apps cannot be listed,
// which takes an operator's key.
func Examine(ctx context.Context, c *local.Cluster) (Fitness, error) {
	all, err := c.Client()
	if err != nil {
		return Fitness{}, err
	}
	apps, err := all.Apps(ctx)
	if err != nil {
		return Fitness{}, err
	}
	seen := examined{nodes: c.Statuses(ctx), ready: make([]string, len(c.Nodes)), apps: apps}
	var asking sync.WaitGroup
	for i, n := range c.Nodes {
		asking.Go(func() { seen.ready[i] = unreadiness(n.Readiness(ctx)) })
	}
	asking.Wait()
	return seen.fitness(), ctx.Err()
}

// unreadiness says in a few words why a node is not ready, and is empty for one that is.
func unreadiness(checks []sessnode.Check, err error) string {
	if err != nil {
		return "no report"
	}
	var failed []string
	for _, c := range checks {
		if !c.OK {
			failed = append(failed, c.Name)
		}
	}
	return strings.Join(failed, ", ")
}

// examined is what a look at all nodes has shown.
type examined struct {
	nodes []local.NodeStatus
	ready []string // why each node is not ready; empty: it is
	apps  []sessnode.AppInfo
}

// fitness judges what was seen.
func (e examined) fitness() Fitness {
	f := Fitness{Nodes: len(e.nodes)}
	leader, _ := local.LeaderOf(e.nodes)
	if leader != nil {
		f.Leader = leader.Name
	}
	if first := slices.IndexFunc(e.nodes, func(s local.NodeStatus) bool { return s.Err == nil }); first >= 0 {
		f.Cluster = e.nodes[first].Cluster
	}
	f.Conditions = []Condition{
		e.each("every node answers", "start it; or name its address in --target", func(_ int, s local.NodeStatus) string { return noAnswer(s.Err) }),
		e.each("all are of one cluster", "look at the addresses in --target", func(_ int, s local.NodeStatus) string {
			return unless(s.Err != nil || s.Cluster == f.Cluster, "another")
		}),
		e.each("all follow one leader", "wait until sessnode status is healthy", func(_ int, s local.NodeStatus) string {
			return unless(s.Err != nil || leader != nil && s.Leader == idOf(e.nodes, leader), "follows another or none")
		}),
		e.each("every node is ready", "sessnode status says more; a drained node works again after sessnode node undrain NODE", func(i int, _ local.NodeStatus) string { return e.ready[i] }),
		e.voting(),
		e.each("every node allows drills", "set allow-drills on it (--allow-drills), and start it again", func(_ int, s local.NodeStatus) string {
			return unless(s.Err != nil || s.Drills, "does not")
		}),
		e.alone(),
		e.room(),
	}
	return f
}

// noAnswer says why a node has given none, and is empty where it has.
func noAnswer(err error) string {
	var store *sessnode.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &store) && store.Detail != "":
		return store.Detail
	}
	return "no answer"
}

func unless(holds bool, what string) string {
	if holds {
		return ""
	}
	return what
}

// idOf is the id of a node that has answered.
func idOf(nodes []local.NodeStatus, n *local.Node) string {
	for _, s := range nodes {
		if s.Of == n && s.Err == nil {
			return s.Node
		}
	}
	return ""
}

// each is a condition on every node; wrong says why a node does not meet it.
func (e examined) each(title, cure string, wrong func(int, local.NodeStatus) string) Condition {
	var bad []string
	for i, s := range e.nodes {
		if why := wrong(i, s); why != "" {
			bad = append(bad, s.Of.Name+": "+why)
		}
	}
	c := Condition{Title: title, OK: len(bad) == 0, Seen: strings.Join(bad, "; "), Cure: cure}
	if c.OK {
		c.Seen, c.Cure = fmt.Sprintf("%d of %d", len(e.nodes), len(e.nodes)), ""
	}
	return c
}

// voting asks for so many voters that one may be lost, and for nobody who is only on the way in or out.
func (e examined) voting() Condition {
	voters, others := 0, []string{}
	for _, s := range e.nodes {
		if s.Err != nil || s.Leader != s.Node || s.Leader == "" {
			continue
		}
		for _, m := range s.Members {
			switch {
			case !m.Voter:
				others = append(others, m.Name+": joining, or leaving")
			case m.Alive || m.ID == s.Node:
				voters++
			default:
				others = append(others, m.Name+": not alive by gossip")
			}
		}
		break
	}
	c := Condition{Title: "a node may be lost", OK: voters >= leastVoters && len(others) == 0, Seen: fmt.Sprintf("%d voters", voters)}
	switch {
	case len(others) > 0:
		c.Seen, c.Cure = strings.Join(others, "; "), "wait until sessnode status shows every node as a voter; or take out who never comes back: sessnode node remove NODE"
	case !c.OK:
		c.Cure = "a cluster of three nodes or more"
	}
	return c
}

// alone asks for no other drill.
func (e examined) alone() Condition {
	c := Condition{Title: "no other drill is under way", OK: true, Seen: "none"}
	if other := drillApps(e.apps); len(other) > 0 {
		c.OK, c.Seen = false, "app "+strings.Join(other, ", ")
		c.Cure = "wait for its end; what a drill left that was killed goes with: sessnode app drop " + other[0] + " --yes"
	}
	return c
}

// drillApps names the apps of drills. One that was dropped goes on being listed, undeclared and empty: the store forgets no name.
func drillApps(apps []sessnode.AppInfo) []string {
	var names []string
	for _, a := range apps {
		if strings.HasPrefix(a.Name, appPrefix) && (a.Declared || a.Sessions > 0) {
			names = append(names, a.Name)
		}
	}
	return names
}

// room asks for a fifth of the budget: a drill adds sessions.
func (e examined) room() Condition {
	c := Condition{Title: "there is room for sessions", OK: true, Seen: "no budget"}
	fullest := slices.MaxFunc(e.nodes, func(a, b local.NodeStatus) int { return cmp.Compare(share(a), share(b)) })
	if fullest.Budget > 0 {
		c.OK, c.Seen = share(fullest) <= 0.8, fmt.Sprintf("%.0f %% of the budget taken", 100*share(fullest))
	}
	if !c.OK {
		c.Cure = "more memory for the nodes (--max-memory), or fewer sessions"
	}
	return c
}

func share(s local.NodeStatus) float64 {
	if s.Budget == 0 {
		return 0
	}
	return float64(s.Bytes) / float64(s.Budget)
}
