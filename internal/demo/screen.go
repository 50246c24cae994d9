package demo

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/people"

	"github.com/sessnode/sessnode/internal/term"
)

// eventsShown is how many events the live view has: with the banner, all fits on 24 lines.
const eventsShown = 4

// view is what the live view shows at a moment.
type view struct {
	elapsed time.Duration
	nodes   []local.NodeStatus
	counts  people.Counts
	events  []string // the newest last
	keys    bool     // a person can press keys
}

// lines draws the view: the nodes, what people see, what happened, and the keys.
func (v view) lines(s term.Screen, now time.Time) []string {
	lines := nodeTable(s, v.nodes, now)
	lines = append(lines, "", peopleLine(s, v.counts), promiseLine(s, v.counts), "")
	events := v.events[max(0, len(v.events)-eventsShown):]
	for _, e := range events {
		lines = append(lines, "  "+e)
	}
	for range eventsShown - len(events) { // the block keeps its height, so that nothing jumps
		lines = append(lines, "")
	}
	return append(lines, "", v.footer(s))
}

func (v view) footer(s term.Screen) string {
	if !v.keys {
		return "  " + s.Dim(clock(v.elapsed)+"  Ctrl-C ends the demo")
	}
	pause := "pause leader"
	down := false
	for _, n := range v.nodes {
		if n.Life == local.Paused {
			pause = "let it go on"
		}
		down = down || n.Life == local.Killed || n.Life == local.Ended
	}
	key := func(k rune, what string, on bool) string {
		if !on {
			return s.Dim(fmt.Sprintf("[%c] %s", k, what))
		}
		return s.Bold(fmt.Sprintf("[%c]", k)) + " " + what
	}
	return "  " + strings.Join([]string{key(KeyKill, "kill leader", true), key(KeyRestart, "restart", down),
		key(KeyPause, pause, true), key(KeyStatus, "status", true), key(KeyQuit, "quit", true)}, "  ") + "   " + s.Dim(clock(v.elapsed))
}

// roleWidth keeps the table from jumping when a node is killed.
const roleWidth = 17

// nodeTable shows a line for each node.
func nodeTable(s term.Screen, all []local.NodeStatus, now time.Time) []string {
	leader, _ := local.LeaderOf(all)
	t := term.NewTable("  node", "role", "url", "term", "applied", "lag").Right(3, 4, 5)
	for _, n := range all {
		cells := []string{"  " + n.Of.Name, term.Pad(role(s, n, n.Of == leader, now), roleWidth), n.Of.URL, "", "", ""}
		if n.Err == nil {
			cells[3], cells[4], cells[5] = term.Count(n.Term), term.Count(n.Applied), term.Count(n.Lag)
		}
		t.Row(cells...)
	}
	var b bytes.Buffer
	_ = t.Write(&b, s) // a buffer takes everything
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}

func role(s term.Screen, n local.NodeStatus, leader bool, now time.Time) string {
	since := func(what string) string { return fmt.Sprintf("%s %d s ago", what, int(now.Sub(n.Since).Seconds())) }
	switch {
	case n.Life == local.Killed:
		return s.Bad(since("killed"))
	case n.Life == local.Paused:
		return s.Warn(since("paused"))
	case n.Life == local.Ended:
		return s.Bad("ended")
	case n.Err != nil:
		return s.Warn("no answer")
	case leader:
		return s.Green("★ leader")
	case n.Leader == "":
		return s.Warn("sees no leader")
	}
	return "· follower"
}

// peopleLine and promiseLine say what people have seen so far.
func peopleLine(s term.Screen, c people.Counts) string {
	return fmt.Sprintf("  people   %d signed in · %s requests · %s got 503 · longest gap %s",
		c.SignedIn, term.Count(uint64(c.Requests)), term.Count(uint64(c.Failed)), seconds(c.Longest))
}

func promiseLine(s term.Screen, c people.Counts) string {
	line := fmt.Sprintf("signed out by a fault %d · old cookies let in %d", c.SignedOut, c.Ghosts)
	if c.Odd > 0 {
		line += fmt.Sprintf(" · odd answers %d", c.Odd)
	}
	if c.Broken() {
		return "           " + s.Bad(line)
	}
	return "           " + s.OK(line)
}

// clock writes a time since the start: "01:05".
func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// stamp is clock with tenths: "01:05.3".
func stamp(d time.Duration) string {
	return fmt.Sprintf("%s.%d", clock(d), d.Milliseconds()/100%10)
}
