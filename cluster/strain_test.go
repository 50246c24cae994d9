package cluster

import (
	"testing"
	"time"
)

func TestStrainAllowsForWhatCameLate(t *testing.T) {
	const ms = time.Millisecond
	s, now := newStrain(200*ms), time.Now()
	allows := func(what string, want time.Duration) {
		t.Helper()
		if got := s.allowance(now); got != want {
			t.Errorf("%s: allowance() = %v, want %v", what, got, want)
		}
	}
	allows("nothing was late yet", 0)
	s.late(10*ms, now)
	allows("a quiet machine's lateness", 0)
	s.late(50*ms, now)
	s.late(20*ms, now)
	allows("the latest counts", 200*ms)
	s.late(300*ms, now)
	allows("there is a bound", 800*ms)
	s.late(5*time.Second, now)
	allows("an outage teaches nothing", 800*ms)
	now = now.Add(strainKept)
	allows("in the stretch after it", 800*ms)
	s.late(30*ms, now)
	now = now.Add(strainKept)
	allows("only the stretch before counts", 120*ms)
	now = now.Add(2 * strainKept)
	allows("all is forgotten", 0)
}

func TestStrainOfSlowProfilesIsBounded(t *testing.T) {
	s, now := newStrain(DefaultProfile().Heartbeat), time.Now()
	s.late(900*time.Millisecond, now)
	if got := s.allowance(now); got != strainMost {
		t.Errorf("allowance() = %v, want %v", got, strainMost)
	}
}
