package summary

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/result/resulttest"
	"github.com/sessnode/sessnode/internal/term"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func left() Left { return Left{"drill-report/index.html", []string{"result.json", "history.jsonl"}} }

// lean is a result without what only pictures are drawn from.
func lean(all ...result.Result) []result.Result {
	for i := range all {
		all[i].Points, all[i].Slots, all[i].Applied, all[i].Logs = nil, nil, nil, nil
	}
	return all
}

var (
	samples = lean(resulttest.Passed(), resulttest.Failed(), resulttest.Doubtful(), resulttest.Unplayed(), resulttest.Hurt())
	mixed   = lean(resulttest.Suite(5, true, true)...)
	passing = lean(resulttest.Suite(3, false, false)...)
)

// summaries are all that is told, by what it is about.
func summaries(screen term.Screen) map[string][]string {
	return map[string][]string{
		"passed": Drill(samples[0], left(), screen), "failed": Drill(samples[1], left(), screen), "doubtful": Drill(samples[2], left(), screen),
		"unplayed": Drill(samples[3], Left{}, screen), "hurt": Drill(samples[4], left(), screen), "nothing": Suite(nil, Left{}, screen),
		"suite": Suite(mixed, left(), screen), "suite that passed": Suite(passing, left(), screen), "hurt suite": Suite(samples[4:], left(), screen),
	}
}

func TestSummariesAreTheGoldenOnes(t *testing.T) {
	var b strings.Builder
	for _, width := range []int{60, 80, 120} {
		all := summaries(term.Screen{Width: width})
		for _, name := range []string{"passed", "failed", "doubtful", "unplayed", "suite", "suite that passed", "nothing"} {
			fmt.Fprintf(&b, "== %s, %d columns\n%s\n\n", name, width, strings.Join(all[name], "\n"))
		}
	}
	const file = "testdata/summaries.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s differs (-want +got); if it is meant so: go test -update\n%s", file, diff)
	}
}

func TestNoLineIsWiderThanTheScreen(t *testing.T) {
	for width := 40; width <= 140; width += 5 {
		for _, color := range []bool{false, true} {
			for name, lines := range summaries(term.Screen{Width: width, Color: color}) {
				for _, line := range lines {
					if got := term.Width(line); got > width {
						t.Fatalf("%s, %d columns: %q has %d", name, width, line, got)
					}
				}
			}
		}
	}
}

func TestTheVerdictComesFirst(t *testing.T) {
	for name, want := range map[string]string{"passed": "VERDICT  PASS", "failed": "VERDICT  FAIL", "doubtful": "VERDICT  INCONCLUSIVE",
		"unplayed": "VERDICT  INCONCLUSIVE", "suite": "VERDICT  FAIL", "nothing": "VERDICT  INCONCLUSIVE"} {
		if got := summaries(term.Screen{Width: 80})[name][0]; !strings.HasPrefix(got, want) {
			t.Errorf("%s begins with %q, want %q", name, got, want)
		}
	}
}

func TestWhatNodesWroteIsNotObeyed(t *testing.T) {
	for name, lines := range summaries(term.Screen{Width: 80}) {
		if text := strings.Join(lines, "\n"); strings.ContainsAny(text, "\x1b\a\u202e") {
			t.Errorf("%s holds what a terminal obeys", name)
		}
	}
}

func TestTheReplayCommandCanBeCopiedFromANarrowScreen(t *testing.T) {
	r := resulttest.Failed()
	lines := Drill(r, Left{}, term.Screen{Width: 50})
	from := 0
	for i, line := range lines {
		if strings.HasPrefix(line, "replay") {
			from = i
		}
	}
	typed := strings.Join(lines[from:], "\n")
	typed = strings.ReplaceAll(strings.TrimPrefix(typed, "replay"), "\\\n", " ")
	if got := strings.Join(strings.Fields(typed), " "); got != r.Replay {
		t.Errorf("the shell would read %q, want %q", got, r.Replay)
	}
}

func TestASuiteWithADoubtIsNoPass(t *testing.T) {
	all := append(resulttest.Suite(4, false, false), resulttest.Doubtful())
	if got := Suite(all, left(), term.Screen{Width: 80})[0]; !strings.HasPrefix(got, "VERDICT  INCONCLUSIVE") {
		t.Errorf("Suite(four passed, one in doubt) begins with %q", got)
	}
}

func TestALongWordIsBrokenAndNotLost(t *testing.T) {
	word := strings.Repeat("0123456789", 20)
	r := result.Result{Verdict: result.Inconclusive, Doubts: []string{word}}
	text := strings.Join(Drill(r, Left{}, term.Screen{Width: 60}), "")
	if got := strings.ReplaceAll(text, " ", ""); !strings.Contains(got, word) {
		t.Errorf("a doubt of %d characters is not told whole: %q", len(word), text)
	}
}
