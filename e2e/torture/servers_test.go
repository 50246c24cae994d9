//go:build e2e

package torture_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/e2e/torture"
)

// play runs applications on real servers.
func play(t *testing.T, plays, failures int, which func(torture.Spec) bool) (torture.Findings, []torture.Spec) {
	t.Helper()
	root, err := harness.ModuleRoot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "scripts", "torture.sh"), "python")
	python, err := cmd.Output()
	if err != nil {
		t.Fatalf("scripts/torture.sh python: %v", err)
	}
	w, binary, err := torture.Prepare(t.Context(), t.TempDir(), strings.TrimSpace(string(python)))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Gate.Close()
	specs := slices.DeleteFunc(torture.Catalog(), func(s torture.Spec) bool { return !which(s) })
	findings, err := w.Run(t.Context(), torture.Plan{Specs: specs, Binary: binary, Plays: plays, Failures: failures, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	return findings, specs
}

// TestOursKeepAll is the claim of docs/comparison.md for this project's adapters.
func TestOursKeepAll(t *testing.T) {
	const plays = 5
	findings, specs := play(t, plays, plays, torture.Spec.Ours)
	if len(specs) == 0 {
		t.Fatal("none of the applications is ours")
	}
	for _, s := range specs {
		for _, name := range questions() {
			tally := findings[s.Name][name]
			switch reason := s.Cannot[name]; {
			case tally == nil || tally.Plays != plays:
				t.Errorf("%s: %s: %s, want %d plays", s.Name, name, tally, plays)
			case reason == "" && !tally.AllKept():
				t.Errorf("%s: %s: %s, want kept %d of %d", s.Name, name, tally, plays, plays)
			case reason != "" && tally.Count(torture.Broken) != plays:
				t.Errorf("%s: %s: %s, but the catalog says that it cannot be kept: %s", s.Name, name, tally, reason)
			}
		}
		if notes := findings[s.Name]["outage"].Notes(torture.Kept); !slices.Equal(notes, []string{"answers 503"}) {
			t.Errorf("%s: in an outage it %v, want answers 503", s.Name, notes)
		}
	}
}

// TestTheOthersShowWhatIsKnownOfThem holds the tool to finding defects that are documented, read in the code or reported upstream:
// a tool that praises everybody praises nobody. What else is found is logged, and no reason to fail.
func TestTheOthersShowWhatIsKnownOfThem(t *testing.T) {
	findings, specs := play(t, 1, 1, func(s torture.Spec) bool { return !s.Ours() })
	known := map[string][]string{
		"flask-cookie":             {"dead-cookie", "ghost-write", "lost-update", "double-pop"},
		"flask-session-filesystem": {"ghost-read", "ghost-write", "lost-update", "stale-read"},
		"flask-session-redis":      {"ghost-read", "ghost-write", "lost-update", "stale-read", "kill"},
		"flask-session-redis-aof":  {"ghost-read", "lost-update"},
		"django-db":                {"lost-update", "nested", "double-pop"},
		"django-cache":             {"lost-update", "nested", "double-pop", "outage"},
		"pyramid-cookie":           {"dead-cookie", "ghost-write", "lost-update"},
		"pyramid-beaker-file":      {"ghost-read", "lost-update", "stale-read", "fixation"},
		"scs-memory":               {"ghost-write", "lost-update", "kill"},
		"scs-memory-idle":          {"ghost-read", "stale-read"},
		"scs-redis":                {"ghost-write", "lost-update", "double-pop"},
		"gorilla-cookie":           {"dead-cookie", "lost-update"},
		"gorilla-redis":            {"ghost-write", "lost-update", "fixation", "double-pop"},
	}
	for _, s := range specs {
		if len(known[s.Name]) == 0 {
			t.Errorf("%s: no defect is said to be known", s.Name)
		}
		for _, name := range known[s.Name] {
			if tally := findings[s.Name][name]; tally == nil || tally.Count(torture.Broken) != 1 {
				t.Errorf("%s: %s: %s, want broken", s.Name, name, tally)
			}
		}
	}
}

func questions() []string {
	var names []string
	for _, trial := range torture.Trials() {
		names = append(names, trial.Name)
	}
	for _, o := range torture.Ordeals() {
		names = append(names, o.Name)
	}
	return names
}
