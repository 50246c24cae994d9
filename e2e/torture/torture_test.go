package torture_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/sessnode/sessnode/e2e/torture"
)

func TestAnApplicationThatIsRightKeepsAll(t *testing.T) {
	for name, tally := range try(t, faults{}) {
		if !tally.AllKept() {
			t.Errorf("%s: %s, want kept", name, tally)
		}
	}
}

// TestEachFaultIsFound tests the judge: an application with one fault fails the trials made for it, and no others.
func TestEachFaultIsFound(t *testing.T) {
	for name, test := range map[string]struct {
		faults faults
		broken []string
	}{
		"saves blindly":                {faults{saveBlindly: true}, []string{"ghost-write", "lost-update"}},
		"saves blindly also on reads":  {faults{saveBlindly: true, saveOnRead: true}, []string{"ghost-read", "ghost-write", "lost-update", "stale-read"}},
		"keeps the record on logout":   {faults{keepOnLogout: true}, []string{"dead-cookie"}},
		"keeps the token on login":     {faults{keepOnLogin: true}, []string{"fixation"}},
		"clears a newer cookie":        {faults{killOnLogin: true}, []string{"rotation-race", "next-person"}},
		"renews an old cookie":         {faults{renewOnRead: true}, []string{"rotation-race", "next-person"}},
		"fails what a login overtook":  {faults{failOnRotated: true}, []string{"rotation-race"}},
		"pops from what it has loaded": {faults{readThenPop: true}, []string{"double-pop"}},
		"misses changes inside":        {faults{missNested: true}, []string{"nested"}},
		"counts before it adds":        {faults{ignoreLimit: true}, []string{"limit"}},
	} {
		t.Run(name, func(t *testing.T) {
			for trial, tally := range try(t, test.faults) {
				want := torture.Kept
				if slices.Contains(test.broken, trial) {
					want = torture.Broken
				}
				if tally.Count(want) != 1 {
					t.Errorf("%s: %s, want %s", trial, tally, want)
				}
			}
		})
	}
}

// TestWithoutARaceThereIsNoVerdict: an application that does not hold is not praised for races that it never saw.
func TestWithoutARaceThereIsNoVerdict(t *testing.T) {
	tallies := try(t, faults{neverHold: true})
	for _, name := range []string{"ghost-read", "ghost-write", "lost-update", "stale-read", "rotation-race", "double-pop", "limit"} {
		if tally := tallies[name]; tally.Count(torture.Inconclusive) != 1 {
			t.Errorf("%s: %s, want inconclusive", name, tally)
		}
	}
}

func TestWhatDidNotRunIsNotKept(t *testing.T) {
	var none, failed, mixed torture.Tally
	failed.Add(torture.Result{Verdict: torture.Kept}, errors.New("cut off"))
	mixed.Add(torture.Result{Verdict: torture.Kept}, nil)
	mixed.Add(torture.Result{Verdict: torture.NotApplicable, Note: "no store"}, nil)
	for name, tally := range map[string]*torture.Tally{"none": &none, "failed": &failed, "mixed": &mixed} {
		if tally.AllKept() {
			t.Errorf("%s: AllKept(%s) = true", name, tally)
		}
	}
	if got, want := mixed.String(), "kept 1 of 2, not applicable 1 of 2 (no store)"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}
