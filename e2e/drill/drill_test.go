//go:build e2e

// Package drill runs `sessnode drill` as people and CI do: the quick suite must pass, every build that is broken on purpose must fail,
// what cannot be judged must be inconclusive, and however a drill ends nothing is left behind.
package drill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/drill/report"
	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/sabotage"
)

// The exit codes of verdicts (docs/reference/cli.md).
const (
	passed       = 0
	failed       = 20
	inconclusive = 21
)

// drillLimit bounds one drill. It takes about a quarter of a minute.
const drillLimit = 3 * time.Minute

var (
	builds   string
	ordinary = sync.OnceValues(func() (string, error) { return harness.Build(context.Background(), builds) })
	broken   = sync.OnceValues(func() (string, error) { return harness.Build(context.Background(), builds, "sabotage") })
)

func TestMain(m *testing.M) {
	var err error
	if builds, err = os.MkdirTemp("", "sessnode-e2e-drill-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(builds)
	os.Exit(code)
}

// played is a drill that has ended.
type played struct {
	exit     int
	out, err string
	results  []result.Result
	dir      string
}

// play runs a drill to its end, with a temporary directory of its own in which nothing may be left.
func play(t *testing.T, build func() (string, error), args ...string) played {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), drillLimit)
	defer cancel()
	p := played{dir: filepath.Join(t.TempDir(), "report")}
	home := t.TempDir()
	cmd := exec.CommandContext(ctx, binary, append([]string{"drill", "--out", p.dir}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+home)
	var out, narration bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &narration
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	p.exit, p.out, p.err = cmd.ProcessState.ExitCode(), out.String(), narration.String()
	if p.results, err = report.LoadAll(p.dir); err != nil {
		t.Fatalf("%v: no report: %v\n%s%s", cmd.Args, err, p.out, p.err)
	}
	if left, _ := os.ReadDir(home); len(left) > 0 {
		t.Errorf("%v left %v behind", cmd.Args, left)
	}
	return p
}

// seed is another one each time, so that runs of the tests do not all ask the same. It is printed.
func seed(t *testing.T) string {
	s := strconv.Itoa(rand.IntN(1_000_000))
	if given := os.Getenv("SESSNODE_E2E_SEED"); given != "" {
		s = given
	}
	t.Log("seed", s)
	return s
}

func TestTheQuickSuitePasses(t *testing.T) {
	p := play(t, ordinary, "--suite", "quick", "--seed", seed(t))
	t.Log("\n" + p.out)
	if p.exit != passed {
		t.Errorf("exit %d, want %d:\n%s", p.exit, passed, p.err)
	}
	for _, name := range []string{report.PageFile} {
		if _, err := os.Stat(filepath.Join(p.dir, name)); err != nil {
			t.Error(err)
		}
	}
	for _, r := range p.results {
		if len(r.Checks) < 10 || r.Counts.Acked < 500 || r.Counts.LateTries == 0 || len(r.Faults) == 0 || len(r.Slots) == 0 || len(r.Logs) == 0 {
			t.Errorf("%s: %d checks, %+v, %d faults, %d slots, %d lines of logs: the report is thin", r.Scenario, len(r.Checks), r.Counts,
				len(r.Faults), len(r.Slots), len(r.Logs))
		}
	}
}

// TestEverySabotageFails shows that a PASS is to be believed: each way to break the core is seen, by a check that is about what was
// broken.
func TestEverySabotageFails(t *testing.T) {
	lost := []string{"lost-writes", "linearizable"}
	cases := map[sabotage.Fault]struct {
		scenario string
		seenBy   []string
	}{
		sabotage.AckBeforeCommit: {"majority", append(lost, "no-quorum")},
		sabotage.LoseTail:        {"all-kill", lost},
		sabotage.Resurrect:       {"leader-kill", []string{"ghosts"}},
		sabotage.StaleRead:       {"isolate-leader", []string{"linearizable"}},
		sabotage.DoubleApply:     {"leader-kill", lost},
		sabotage.EarlyExpiry:     {"leader-kill", []string{"expired-early"}},
		sabotage.LateExpiry:      {"leader-kill", []string{"expired-served"}},
		sabotage.FrozenClock:     {"leader-kill", []string{"expired-served"}},
		sabotage.NoFsync:         {"power-cycle", append(lost, "recovered")},
	}
	for _, fault := range sabotage.Faults() {
		c, known := cases[fault]
		if !known {
			t.Errorf("no drill is known to see %s", fault)
			continue
		}
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			p := play(t, broken, c.scenario, "--seed", seed(t), "--sabotage", string(fault), "--people", "6")
			if p.exit != failed {
				t.Fatalf("exit %d, want %d:\n%s", p.exit, failed, p.out)
			}
			var seen []string
			for _, check := range p.results[0].Checks {
				if check.Verdict == result.Fail {
					seen = append(seen, check.Name)
				}
			}
			if !slices.ContainsFunc(seen, func(name string) bool { return slices.Contains(c.seenBy, name) }) {
				t.Errorf("seen by %v, want one of %v", seen, c.seenBy)
			}
		})
	}
}

// TestTheControlPasses: the build that can be broken, with nothing broken, passes what the broken ones fail.
func TestTheControlPasses(t *testing.T) {
	p := play(t, broken, "all-kill", "--seed", seed(t), "--people", "6")
	if p.exit != passed {
		t.Errorf("exit %d, want %d:\n%s%s", p.exit, passed, p.out, p.err)
	}
}

// TestWhatCannotBeJudgedIsInconclusive: a drill that asks for what this user may not do proves nothing.
func TestWhatCannotBeJudgedIsInconclusive(t *testing.T) {
	binary, err := ordinary()
	if err != nil {
		t.Fatal(err)
	}
	nobody := func() (string, error) { return binary, nil }
	p := play(t, nobody, "leader-kill", "--seed", seed(t), "--people", "6", "--budget", "100ms", "--hold", "1s")
	if p.exit == passed {
		t.Errorf("a budget that no election meets passed:\n%s", p.out)
	}
	if !strings.Contains(p.out, "VERDICT  "+string(p.results[0].Verdict)) {
		t.Errorf("the verdict does not come first:\n%s", p.out)
	}
	if want := map[result.Verdict]int{result.Fail: failed, result.Inconclusive: inconclusive}[p.results[0].Verdict]; p.exit != want {
		t.Errorf("verdict %s, exit %d, want %d", p.results[0].Verdict, p.exit, want)
	}
	fmt.Fprintln(t.Output(), p.out)
}
