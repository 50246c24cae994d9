package live

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/result/resulttest"
	"github.com/sessnode/sessnode/internal/term"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// during is a drill while its fault holds.
func during() State {
	r := resulttest.Passed()
	return State{
		Scenario: "leader-kill", Seed: 4711, Clients: 16, Elapsed: 16200 * time.Millisecond, Planned: 36 * time.Second,
		Phases: []string{"warm-up", "steady", "fault", "recover", "steady again", "verify", "judge"}, Phase: "fault",
		Nodes: []Node{{Name: "n1", Life: "killed", Since: 4200 * time.Millisecond}, {Name: "n2", Lag: 3, Term: 3}, {Name: "n3", Leads: true, Term: 3}},
		Slots: r.Slots[:162], SlotMS: r.SlotMS, Gap: 1380 * time.Millisecond, Budget: 3 * time.Second,
		Acked: 5812, Refused: 9, Unknown: 2, P99: 11 * time.Millisecond, P99Before: 6 * time.Millisecond, SignedIn: 20,
	}
}

// states are a drill's moments: before its first answer, in its fault, broken, and with five nodes and no plan.
func states() map[string]State {
	broken := during()
	broken.Gap, broken.SignedOut, broken.Nodes[2] = 4120*time.Millisecond, 2, Node{Name: "n3", Life: "cut off", Since: 65 * time.Second}
	five := during()
	five.Planned, five.Phase = 0, "steady again"
	five.Nodes = append(five.Nodes, Node{Name: "n4", Life: "paused", Since: time.Second}, Node{Name: "n5", Lag: 1234567})
	hostile := during()
	hostile.Scenario, hostile.Phase, hostile.Nodes[0].Name, hostile.Nodes[0].Life = resulttest.Hostile, resulttest.Hostile, resulttest.Hostile, resulttest.Hostile
	return map[string]State{"begun": {Scenario: "leader-kill", Seed: 4711, Clients: 16, Phases: during().Phases, Phase: "warm-up"},
		"during": during(), "broken": broken, "five": five, "hostile": hostile}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); if it is meant so: go test -update\n%s", file, diff)
	}
}

func TestLinesAreTheGoldenOnes(t *testing.T) {
	var b strings.Builder
	for _, name := range []string{"begun", "during", "broken", "five"} {
		for _, width := range []int{60, 80, 120} {
			fmt.Fprintf(&b, "== %s, %d columns\n%s\n\n", name, width, strings.Join(Lines(states()[name], term.Screen{Width: width}), "\n"))
		}
	}
	golden(t, "testdata/lines.txt", b.String())
}

func TestNoLineIsWiderThanTheScreen(t *testing.T) {
	for name, state := range states() {
		for _, color := range []bool{false, true} {
			for width := 20; width <= 200; width++ {
				for _, line := range Lines(state, term.Screen{Width: width, Color: color}) {
					if got := term.Width(line); got > width {
						t.Fatalf("%s, %d columns: %q has %d", name, width, line, got)
					}
				}
			}
		}
	}
}

func TestWithoutColourNothingButTextIsDrawn(t *testing.T) {
	for name, state := range states() {
		for _, line := range Lines(state, term.Screen{Width: 80, TTY: true}) {
			if strings.ContainsAny(line, "\x1b\a\u202e") {
				t.Errorf("%s: %q holds what a terminal obeys", name, line)
			}
		}
	}
}

func TestTheBlockKeepsItsHeightWhileADrillGoesOn(t *testing.T) {
	for _, width := range []int{60, 80, 120} {
		want := len(Lines(during(), term.Screen{Width: width}))
		for _, phase := range during().Phases {
			state := during()
			state.Phase, state.Slots, state.Gap, state.Acked = phase, state.Slots[:3], 0, 0
			if got := len(Lines(state, term.Screen{Width: width})); got != want {
				t.Errorf("%d columns, phase %s: %d lines, want %d", width, phase, got, want)
			}
		}
	}
}

func TestTheStripShowsTheWorstOfEachColumn(t *testing.T) {
	slots := []result.Slot{{OK: 9}, {OK: 9}, {OK: 9}, {OK: 9, Retried: 1}, {OK: 9}, {}, {Refused: 1}, {}, {Unknown: 1}, {Refused: 3}, {OK: 1}}
	if got, want := Strip(slots, 2, term.Screen{}), "█▓·░▒█"; got != want {
		t.Errorf("Strip(2 slots a column) = %q, want %q", got, want)
	}
	if got, want := Strip(slots, 1, term.Screen{}), "███▓█·░·▒░█"; got != want {
		t.Errorf("Strip(1 slot a column) = %q, want %q", got, want)
	}
}

func TestALongDrillFitsIntoTheStrip(t *testing.T) {
	state := during()
	state.Slots = make([]result.Slot, 36000) // an hour
	for _, line := range Lines(state, term.Screen{Width: 80}) {
		if strings.HasPrefix(line, "avail") && !strings.Contains(line, "worst gap 1.38 s of 3 s") {
			t.Errorf("the strip pushes the gap out: %q", line)
		}
	}
}
