package demo

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/people"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/term"
)

func testNodes() []local.NodeStatus {
	var all []local.NodeStatus
	for i, life := range []local.Life{local.Running, local.Running, local.Running} {
		id := fmt.Sprintf("id%d", i+1)
		all = append(all, local.NodeStatus{Life: life, Of: &local.Node{Name: fmt.Sprintf("n%d", i+1), URL: fmt.Sprintf("http://127.0.0.1:%d", 7480+10*i)},
			Status: sessnode.Status{Node: id, Leader: "id1", Term: 2, Applied: 123456}})
	}
	return all
}

// TestTheWholeDemoFitsOnASmallTerminal counts banner and live view together: 24 lines of 80 columns, the last for the cursor.
func TestTheWholeDemoFitsOnASmallTerminal(t *testing.T) {
	nodes := testNodes()
	t.Setenv("TMPDIR", "/tmp")
	folder, err := local.NewFolder(local.DemoFolder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = folder.Remove() }()
	s := &stage{appURL: "http://127.0.0.1:8480", folder: folder, cluster: &local.Cluster{}}
	for i := range nodes {
		s.cluster.Nodes = append(s.cluster.Nodes, nodes[i].Of)
	}
	nodes[0].Life, nodes[0].Err, nodes[0].Since = local.Killed, local.ErrNotRunning, at(-3599)
	screen := term.Screen{Width: 80, Height: 24}
	v := view{nodes: nodes, keys: true, elapsed: 59 * time.Minute, counts: people.Counts{People: 20, SignedIn: 20, Requests: 99999, Failed: 99, Longest: 12 * time.Second}}
	for range 9 {
		v.events = append(v.events, "59:12.3  n3 paused (SIGSTOP), it led term 12; it goes on in 10 s, or with p")
	}
	lines := append([]string{Header(screen, "v0.0.0-20261125024531-6eac2f4c1d2e+dirty", "", false)}, s.banner(screen, "go run ./cmd/sessnode", true)...)
	lines = append(lines, v.lines(screen, at(0))...)
	if len(lines) > 23 {
		t.Errorf("%d lines, want 23 at most", len(lines))
	}
	for _, line := range append(lines, nextSteps(screen, "go run ./cmd/sessnode")...) {
		if term.Width(line) > 80 {
			t.Errorf("%d columns: %s", term.Width(line), line)
		}
	}
}

func TestTheViewKeepsItsHeight(t *testing.T) {
	screen := term.Screen{Width: 80, Height: 24}
	none, many := view{nodes: testNodes()}, view{nodes: testNodes(), events: []string{"a", "b", "c", "d", "e", "f"}}
	if a, b := len(none.lines(screen, at(0))), len(many.lines(screen, at(0))); a != b {
		t.Errorf("%d lines without events, %d with many", a, b)
	}
	if text := strings.Join(many.lines(screen, at(0)), "\n"); strings.Contains(text, "  b\n") || !strings.Contains(text, "  f\n") {
		t.Errorf("the newest events are shown, not the oldest:\n%s", text)
	}
}

// TestColourIsNeverTheOnlySignal: each state has a word or a sign of its own.
func TestColourIsNeverTheOnlySignal(t *testing.T) {
	screen := term.Screen{Width: 80}
	seen := map[string]string{}
	node := testNodes()[0]
	for _, state := range []struct {
		name   string
		status local.NodeStatus
		leader bool
	}{
		{"leader", node, true}, {"follower", node, false}, {"killed", local.NodeStatus{Life: local.Killed, Since: at(0)}, false},
		{"paused", local.NodeStatus{Life: local.Paused, Since: at(0)}, false}, {"ended", local.NodeStatus{Life: local.Ended}, false},
		{"alone", local.NodeStatus{Life: local.Running}, false}, {"silent", local.NodeStatus{Life: local.Running, Err: errOpen}, false},
	} {
		text := role(screen, state.status, state.leader, at(4))
		if other, twice := seen[text]; twice {
			t.Errorf("%s and %s both show as %q", state.name, other, text)
		}
		seen[text] = state.name
	}
	if fine, broken := promiseLine(screen, people.Counts{}), promiseLine(screen, people.Counts{SignedOut: 1}); !strings.Contains(fine, "✓") || !strings.Contains(broken, "✗") {
		t.Errorf("%q, %q: want a sign each", fine, broken)
	}
}

func TestTourLinesFitOnASmallTerminal(t *testing.T) {
	for _, outcome := range []Outcome{Held, Broken, Unjudged} {
		line := checkLine(term.Screen{Width: 80}, Check{Name: "nobody signed out by the fault", Outcome: outcome, Detail: "get patch put touch rotate create: refused"})
		if term.Width(line) > 80 {
			t.Errorf("%d columns: %s", term.Width(line), line)
		}
	}
}

func TestEventsTellWhatChanged(t *testing.T) {
	nodes := testNodes()
	w := newWatcher(nodes)
	if events := w.see(nodes, at(0)); len(events) != 0 {
		t.Errorf("nothing changed: %q", events)
	}
	nodes[0].Life, nodes[0].Err = local.Killed, local.ErrNotRunning // by a key: whoever pressed it tells
	nodes[1].Status.Term, nodes[1].Status.Leader = 3, ""
	nodes[2].Status.Term, nodes[2].Status.Leader = 3, ""
	if events := w.see(nodes, at(1)); len(events) != 0 {
		t.Errorf("an election that is not over: %q", events)
	}
	nodes[1].Status.Leader, nodes[2].Status.Leader = "id2", "id2"
	if events := w.see(nodes, at(2)); len(events) != 1 || events[0] != "n2 leads term 3" {
		t.Errorf("a new leader: %q", events)
	}
	nodes[0].Life, nodes[0].Since = local.Running, at(3)
	nodes[0].Err = errOpen
	if events := w.see(nodes, at(3)); len(events) != 0 {
		t.Errorf("a node that starts: %q", events)
	}
	nodes[0].Err, nodes[0].Leader, nodes[0].Term, nodes[0].Lag = nil, "id2", 3, 40
	if events := w.see(nodes, at(4)); len(events) != 0 {
		t.Errorf("a node that is behind: %q", events)
	}
	nodes[0].Lag = 1
	if events := w.see(nodes, at(4.5)); len(events) != 1 || events[0] != "n1 has caught up, after 1.50 s" {
		t.Errorf("a node that has caught up: %q", events)
	}
}
