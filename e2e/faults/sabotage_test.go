//go:build e2e

package faults

import (
	"strings"
	"testing"

	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/sabotage"
)

// TestSabotage shows that the fault test is to be believed: each build that is broken on purpose is caught, and caught by a
// checker that is about what was broken. The control, the same build with nothing broken, passes the same kind of round.
func TestSabotage(t *testing.T) {
	binary := build(t, "sabotage")
	lost := []string{check.Lost, check.Counter, check.LinearSession, check.LinearSubject}
	for _, c := range []struct {
		fault    sabotage.Fault
		faults   []Fault
		caughtBy []string
	}{
		{fault: "", faults: []Fault{MajorityPause, AllKill}},
		{fault: sabotage.AckBeforeCommit, faults: []Fault{MajorityPause}, caughtBy: append(lost, check.NoQuorum)},
		{fault: sabotage.LoseTail, faults: []Fault{AllKill}, caughtBy: lost},
		{fault: sabotage.Resurrect, caughtBy: []string{check.Dead, check.LinearSession}},
		{fault: sabotage.StaleRead, caughtBy: []string{check.LinearSession}},
		{fault: sabotage.DoubleApply, caughtBy: []string{check.Counter, check.LinearSession}},
		{fault: sabotage.EarlyExpiry, caughtBy: []string{check.Early}},
		{fault: sabotage.LateExpiry, caughtBy: []string{check.Late}},
		{fault: sabotage.FrozenClock, caughtBy: []string{check.Late}},
		{fault: sabotage.NoFsync, faults: []Fault{PowerCut}, caughtBy: lost},
	} {
		name := string(c.fault)
		if name == "" {
			name = "control"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := Run(t.Context(), Config{Binary: binary, Dir: evidenceDir(t, "sabotage-"+name), Seed: 2, Faults: c.faults,
				Env: []string{"SESSNODE_SABOTAGE=" + string(c.fault)}, Plain: c.fault != sabotage.NoFsync,
				Log: narrate(t)})
			t.Log(report.String())
			names := check.Names(report.Violations)
			if len(c.caughtBy) == 0 && len(names) > 0 {
				t.Errorf("nothing is broken, but %v were violated", names)
			}
			if c.fault == sabotage.NoFsync && unreadable(report) {
				return
			}
			if len(c.caughtBy) > 0 && !caught(names, c.caughtBy) {
				t.Errorf("not caught: %v were violated, want one of %v", names, c.caughtBy)
			}
		})
	}
}

func caught(names map[string]int, by []string) bool {
	for _, name := range by {
		if names[name] > 0 {
			return true
		}
	}
	return false
}

// unreadable reports whether a node that had acknowledged work found its own data unreadable after the power cut and refused
// to start: without flushes that is as good a catch as a write that is missing.
func unreadable(r Report) bool {
	for _, v := range r.Violations {
		if v.Check == Incomplete && strings.HasPrefix(v.Detail, string(PowerCut)+": ") && strings.Contains(v.Detail, "has ended by itself") {
			return r.Acked >= warmOps
		}
	}
	return false
}
