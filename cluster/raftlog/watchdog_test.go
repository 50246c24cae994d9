package raftlog

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestWatchdogBitesAfterItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		bitten := make(chan time.Duration, 2)
		watch(10*time.Second, func() { bitten <- time.Since(begin) })
		if after := <-bitten; after != 10*time.Second {
			t.Errorf("bite after %v, want 10s", after)
		}
		time.Sleep(time.Minute)
		if len(bitten) > 0 {
			t.Error("it bit twice")
		}
	})
}

func TestCalmWatchdogDoesNotBite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(10*time.Second, func() { t.Error("bite after the work was done") })
		time.Sleep(9 * time.Second)
		w.calm()
		time.Sleep(time.Minute)
	})
}

// A node that was stopped for ten seconds in the middle of a write used to stop itself when it woke: SIGSTOP, a paused machine.
func TestPausedProcessIsNoStall(t *testing.T) {
	bitten := 0
	w := watch(time.Hour, func() { bitten++ })
	defer w.calm()
	now := w.last
	for range 10 * watchdogSteps {
		now = now.Add(time.Hour) // each tick comes twenty steps late
		w.tick(now)
	}
	if bitten > 0 {
		t.Fatal("time in which the process did not run counted as a stall")
	}
	for range watchdogSteps {
		now = now.Add(w.step)
		w.tick(now)
	}
	if bitten != 1 {
		t.Errorf("bitten %d times after a whole limit of running, want once", bitten)
	}
}
