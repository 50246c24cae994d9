//go:build e2e

package demo

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
)

// report is what `demo --tour -o json` prints.
type report struct {
	Verdict string
	Planned int
	Checks  []struct{ Name, Promise, Outcome, Detail string }
}

func readReport(t *testing.T, r *run) report {
	t.Helper()
	out, stderr := r.text()
	var rep report
	if err := json.Unmarshal([]byte(out), &rep); err != nil {
		t.Fatalf("%v in %q\n%s", err, out, stderr)
	}
	return rep
}

// TestTheTourPasses is the product's main job from end to end. SESSNODE_E2E_TOURS=20 repeats it.
func TestTheTourPasses(t *testing.T) {
	tours := 2
	if n, err := strconv.Atoi(os.Getenv("SESSNODE_E2E_TOURS")); err == nil {
		tours = n
	}
	p := newPlace(t, ordinary)
	for i := range tours {
		r := p.demo(t, "--tour", "-o", "json")
		code := r.exit(t)
		_, stderr := r.text()
		rep := readReport(t, r)
		if code != 0 || rep.Verdict != "PASS" || len(rep.Checks) != rep.Planned || rep.Planned < 13 {
			t.Fatalf("tour %d: exit %d, %+v\n%s", i+1, code, rep, stderr)
		}
		t.Logf("tour %d: %s, %s", i+1, rep.Checks[1].Detail, rep.Checks[2].Detail)
		p.nothingLeft(t)
	}
}

// TestTheTourCatchesAStoreThatResurrects tests the tour: it must fail, for the right reason, and say which promise is broken.
func TestTheTourCatchesAStoreThatResurrects(t *testing.T) {
	p := newPlace(t, broken)
	r := p.demo(t, "--tour", "-o", "json", "--sabotage", "resurrect")
	code := r.exit(t)
	rep := readReport(t, r)
	_, stderr := r.text()
	if code != 20 || rep.Verdict != "FAIL" || !strings.Contains(stderr, `"no ghost"`) {
		t.Errorf("exit %d, verdict %s, want 20, FAIL and the name of the promise in:\n%s", code, rep.Verdict, stderr)
	}
	created := 0
	for _, c := range rep.Checks {
		switch dead := strings.HasPrefix(c.Name, "the old cookie is dead at n"); {
		case dead && c.Outcome == "broken" && strings.Contains(c.Detail, "create"):
			created++
		case c.Promise != "no ghost" && c.Outcome != "held":
			t.Errorf("%s: %s (%s), although only dead sessions come back", c.Name, c.Outcome, c.Detail)
		}
	}
	if created != 3 {
		t.Errorf("a late create got in at %d nodes, want 3: %+v", created, rep.Checks)
	}
	p.nothingLeft(t)
}

// TestTheTourCatchesStoresThatLieAboutLogins: a login that was acknowledged too early, and one that a follower does not see. A store
// whose reads are stale may also keep the tour from judging, which is no pass either.
func TestTheTourCatchesStoresThatLieAboutLogins(t *testing.T) {
	p := newPlace(t, broken)
	for _, fault := range []string{"ack-before-commit", "stale-read"} {
		r := p.demo(t, "--tour", "-o", "json", "--sabotage", fault)
		code, rep := r.exit(t), readReport(t, r)
		undecided := fault == "stale-read" && code == 21 && rep.Verdict == "INCONCLUSIVE"
		if (code != 20 || rep.Verdict != "FAIL") && !undecided {
			t.Errorf("%s: exit %d, verdict %s; want 20, FAIL", fault, code, rep.Verdict)
		}
	}
	p.nothingLeft(t)
}

func TestAnOrdinaryBuildCannotBeBroken(t *testing.T) {
	p := newPlace(t, ordinary)
	r := p.demo(t, "--tour", "--sabotage", "resurrect")
	code := r.exit(t)
	if _, stderr := r.text(); code != 2 || !strings.Contains(stderr, "try:    go run -tags sabotage ./cmd/sessnode demo --tour --sabotage resurrect\n") {
		t.Errorf("exit %d, %s; want 2 and the command that works", code, stderr)
	}
}
