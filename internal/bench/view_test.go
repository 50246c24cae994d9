package bench

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/term"
)

var update = flag.Bool("update", false, "write testdata anew")

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: want -, got +:\n%s", name, diff)
	}
}

// sample is a report of a store whose every answer takes a known time, in synctest's bubble: the same in every test run.
// Operations are slower in later rounds and at the follower, and some fail.
func sample(t *testing.T, change func(*Plan)) (report Report) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStore{
			takes: func(o Operation, call int) time.Duration {
				return time.Duration(o+1)*2*time.Millisecond + time.Duration(call%7)*300*time.Microsecond + time.Duration(call/4000)*time.Millisecond
			},
			says: func(o Operation, call int) sessnode.Code {
				if o == Patch && call%8 == 3 {
					return []sessnode.Code{sessnode.CodeUnknown, sessnode.CodeConflict}[call/8%2]
				}
				return sessnode.OK
			},
		}
		p := planOf(t, "mixed", 1) // of several at the same instant any may be the first
		p.Workloads = append(p.Workloads, Workloads()[0])
		p.Routes = []string{"leader", "follower"}
		p.Repeat = 2
		change(&p)
		report = mustLoad(t, t.Context(), s, p, Observer{})
	})
	report.Environment = Environment{Version: "v1.2.3", Commit: "abc", Go: "go1.26", OS: "linux", Arch: "amd64", CPUs: 2,
		Args: []string{"bench", "mixed"}, Started: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC), Local: true, FlushSeconds: 0.0003}
	return report
}

// TestTheJSONFormStaysAsItIs holds the promise that programs rely on.
func TestTheJSONFormStaysAsItIs(t *testing.T) {
	report := sample(t, func(p *Plan) {
		p.Rate, p.Duration, p.Repeat, p.Routes = 200, time.Second, 1, []string{"leader"}
	})
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(report); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", b.String())
}

func TestTables(t *testing.T) {
	report := sample(t, func(*Plan) {})
	var b strings.Builder
	wide := term.Screen{TTY: true, Width: 120, Height: 24}
	for _, form := range []struct {
		name         string
		people, wide bool
	}{{"people", true, false}, {"people, wide", true, true}, {"programs", false, true}} {
		fmt.Fprintf(&b, "== %s\n", form.name)
		table := report.Table(form.people, form.wide)
		if form.people {
			b.WriteString(strings.Join(table.Lines(wide), "\n") + "\n")
		} else if err := table.TSV(&b); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Fprintf(&b, "== strips\n%s\n== remarks\n%s\n== lines\n", strings.Join(report.Strips(wide), "\n"), strings.Join(report.Remarks(), "\n"))
	for _, r := range report.Runs {
		b.WriteString(r.Line() + "\n")
	}
	golden(t, "tables.txt", b.String())
}

func TestMediansAreOfEachFigureAndRangesOfAllRounds(t *testing.T) {
	run := func(round int, perSecond, p99 float64, failed uint64) Run {
		m := Measurement{Operation: "read", PerSecond: perSecond, Latency: Latency{P99: p99}, Unknown: failed, Errors: map[string]uint64{"gone": failed},
			Histogram: []Bar{{1, 2, 3}}}
		return Run{Workload: "read", Clients: 1, Route: "all", Round: round, Operations: []Measurement{m}}
	}
	rows := Rows([]Run{run(1, 30, 0.5, 1), run(2, 10, 0.1, 2), run(3, 20, 0.9, 0)})
	if len(rows) != 1 {
		t.Fatalf("%d rows, want 1", len(rows))
	}
	r := rows[0]
	if r.PerSecond != 20 || r.Least != 10 || r.Most != 30 || r.Latency.P99 != 0.5 || r.Rounds != 3 || r.Failed() != 6 {
		t.Errorf("row = %+v, want 20/s from 10 to 30, p99 0.5, 6 failed in all rounds", r)
	}
	if len(r.Histogram) != 1 || r.Histogram[0] != (Bar{1, 2, 9}) {
		t.Errorf("histogram = %v, want the sum of all rounds", r.Histogram)
	}
}

func TestStripsNeverHideWhatWasCounted(t *testing.T) {
	one := Measurement{Operation: "read", OK: 1_000_001, Latency: Latency{P99: 0.0015}, Errors: map[string]uint64{},
		Histogram: []Bar{{0.001, 0.0011, 1_000_000}, {9.9, 10.1, 1}}}
	report := Report{Runs: []Run{{Workload: "read", Clients: 1, Route: "all", Operations: []Measurement{one}}}}
	lines := report.Strips(term.Screen{TTY: true, Width: 80})
	if len(lines) != 2 || !strings.Contains(lines[1], "█") || !strings.HasSuffix(lines[1], "▁") {
		t.Errorf("strips =\n%s\nwant one in a million to be seen at the end", strings.Join(lines, "\n"))
	}
	for _, line := range lines {
		if term.Width(line) > 80 {
			t.Errorf("%q is wider than the screen", line)
		}
	}
	if lines := (Report{}).Strips(term.Screen{Width: 80}); lines != nil {
		t.Errorf("strips of nothing = %q", lines)
	}
}

func TestProgressSaysWhatIsDoneAndForHowLong(t *testing.T) {
	p := Progress{Phase: Measuring, Run: 3, Runs: 8, Workload: "mixed", Clients: 64, Route: "follower", Elapsed: 6200 * time.Millisecond,
		Length: 10 * time.Second, PerSecond: 12345.4, Failed: 7}
	for want, s := range map[string]term.Screen{
		"measuring 3/8  mixed, 64 clients, through follower  ██████░░░░  6.2 s of 10 s  12,345/s  7 failed": {TTY: true, Width: 120},
		"measuring 3/8  mixed, 64 clients, through follower, 6.2 s of 10 s, 12,345/s, 7 failed":             {},
	} {
		if got := p.Line(s); got != want {
			t.Errorf("Line = %q, want %q", got, want)
		}
	}
	if got := (Progress{Phase: Preparing, Done: 1200, Of: 10000}).Line(term.Screen{}); got != "preparing 1,200 of 10,000 sessions" {
		t.Errorf("Line = %q", got)
	}
}
