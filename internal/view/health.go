package view

import (
	"fmt"
	"strings"

	"github.com/sessnode/sessnode/internal/term"
)

// judge counts who serves, and says how the cluster is.
func (c *Cluster) judge() {
	answering, votes, troubles := 0, 0, []string{}
	for _, n := range c.Nodes {
		if n.Millis > 0 || n.State == "stranger" {
			answering++
		}
		able := n.State == "ready" || n.State == "behind" || n.State == "unreachable"
		if n.Voter && able {
			c.Serving++
		}
		if n.Voter && (able || n.State == "drained" || n.State == "no_leader") {
			votes++ // it takes no requests, and votes all the same
		}
		if text := n.trouble(); text != "" {
			troubles = append(troubles, text)
		}
	}
	c.Quorum = c.Voters/2 + 1
	c.CanLose = max(0, votes-c.Quorum)
	if full := c.fullness(); full != "" {
		troubles = append(troubles, full)
	}
	switch {
	case answering == 0:
		c.Health, c.Quorum, c.CanLose = Unreachable, 0, 0
		c.Summary = "Unreachable: " + noneAnswers(len(c.Nodes))
	case c.Leader == "":
		c.Health, c.CanLose = NoLeader, 0
		c.Summary = fmt.Sprintf("No leader: reads and changes wait (%d of %d voters answer, %d are needed)", c.voting(), c.Voters, c.Quorum)
	case len(troubles) > 0:
		c.Health = Degraded
		c.Summary = fmt.Sprintf("Degraded: %s; %s", strings.Join(troubles, ", "), c.spare())
	default:
		c.Health = Healthy
		c.Summary = fmt.Sprintf("Healthy: %d of %d voters; %s", c.Serving, c.Voters, c.spare())
	}
}

func noneAnswers(n int) string {
	if n == 1 {
		return "the node does not answer"
	}
	return fmt.Sprintf("none of %d nodes answers", n)
}

// voting counts the voters that answer, ready or not.
func (c *Cluster) voting() int {
	n := 0
	for _, node := range c.Nodes {
		if node.Voter && node.Millis > 0 {
			n++
		}
	}
	return n
}

// spare says how many more failures it stands.
func (c *Cluster) spare() string {
	switch {
	case c.CanLose == 1:
		return "can lose 1 node"
	case c.CanLose > 1:
		return fmt.Sprintf("can lose %d nodes", c.CanLose)
	}
	return "can lose 0 nodes"
}

// trouble says what is wrong with a node; "" for one that is well, or about to join.
func (n Node) trouble() string {
	name := term.Clean(n.Name)
	switch n.State {
	case "ready":
		return ""
	case "joining":
		if !n.Voter {
			return ""
		}
		return name + " is not yet in"
	case "down":
		return name + " does not answer"
	case "unreachable":
		return name + " does not answer here (its peers see it)"
	case "behind":
		return name + " is behind"
	case "draining":
		return name + " is stopping"
	case "drained":
		return name + " is drained"
	case "stopped":
		return name + " has stopped itself"
	case "stranger":
		return name + " belongs to another cluster"
	case "no_leader":
		return name + " knows no leader"
	}
	return name + " is not ready"
}

// fullness says when creating sessions will be refused soon, or is already.
func (c *Cluster) fullness() string {
	switch {
	case c.Budget == 0 || c.Bytes*100/c.Budget < fullAt:
		return ""
	case c.Bytes >= c.Budget:
		return "the store is full: new sessions are refused"
	}
	return fmt.Sprintf("the store is %d %% full", c.Bytes*100/c.Budget)
}

// Sentence is the summary with its sign: "✓ Healthy: 3 of 3 voters; can lose 1 node".
func (c Cluster) Sentence(s term.Screen) string {
	switch c.Health {
	case Healthy:
		return s.OK(c.Summary)
	case Degraded:
		return s.Warn(c.Summary)
	}
	return s.Bad(c.Summary)
}

// StateSign is a node's state with its sign.
func (n Node) StateSign(s term.Screen) string {
	word := strings.ReplaceAll(n.State, "_", " ")
	switch n.State {
	case "ready":
		return s.OK(word)
	case "down", "stopped", "stranger":
		return s.Bad(word)
	}
	return s.Warn(word)
}

// Table is the table of the nodes. Wide adds addresses, ids and how long the answers took.
func (c Cluster) Table(f Form, wide bool) *term.Table {
	headers := []string{"NODE", "ROLE", "STATE", "HTTP", "APPLIED", "LAG", "SESSIONS", "VERSION"}
	if wide {
		headers = append(headers, "TERM", "ANSWER_MS", "NODE_ADDR", "ID", "DETAIL")
	}
	t := term.NewTable(headers...).Right(4, 5, 6).Keep(1, 2, 3)
	if wide {
		t.Right(8, 9)
	}
	for _, n := range c.Nodes {
		state := n.StateSign(f.Screen)
		if f.Plain {
			state = n.State
		}
		num := func(v uint64, known bool) string {
			if !known && !f.Plain {
				return "-"
			}
			return f.Count(v)
		}
		role := n.Role
		if role == "leader" {
			role = f.Screen.Bold(role)
		}
		cells := []string{term.Clean(n.Name), role, state, term.Clean(n.HTTP), num(n.Applied, n.Applied > 0),
			num(n.Lag, n.Applied > 0), num(n.Sessions, n.Millis > 0), term.Clean(n.Version)}
		if wide {
			cells = append(cells, num(n.Term, n.Term > 0), num(uint64(n.Millis), n.Millis > 0), term.Clean(n.NodeAddr), term.Clean(n.ID), term.Clean(n.Detail))
		}
		t.Row(cells...)
	}
	t.Totals(plural(len(c.Nodes), "node"), "", "", "", "", "", f.Count(c.Sessions))
	return t
}

// Facts is a line about the whole: "leader n1 · term 3 · generation 1 · 120 sessions in 1.2 MiB of 4 GiB"; empty where no node
// answers.
func (c Cluster) Facts(f Form) string {
	if c.ID == "" {
		return ""
	}
	size := f.Bytes(c.Bytes)
	if c.Budget > 0 {
		size += " of " + f.Bytes(c.Budget)
	}
	leader := "no leader"
	if c.Leader != "" {
		leader = "leader " + term.Clean(c.Leader)
	}
	return fmt.Sprintf("%s · term %s · generation %d · %s in %s", leader, f.Count(c.Term), c.Generation, sessions(f, c.Sessions), size)
}

func sessions(f Form, n uint64) string {
	if n == 1 {
		return "1 session"
	}
	return f.Count(n) + " sessions"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
