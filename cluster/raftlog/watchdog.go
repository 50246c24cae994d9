package raftlog

import (
	"sync"
	"time"
)

// watchdogSteps is in how many steps a watchdog counts.
const watchdogSteps = 20

// watchdog calls out when something takes longer than its time, counted in steps while this process was running. A process that was stopped or
// whose machine was paused finds its timers expired when it wakes, though nothing had a chance to finish: a step that itself comes
// late does not count.
type watchdog struct {
	step time.Duration
	bite func() // on a goroutine of its own, at most once

	mu    sync.Mutex // guards what follows
	timer *time.Timer
	last  time.Time
	left  int // steps; 0 = over
}

// watch starts a watchdog. Call calm when the work is done.
func watch(limit time.Duration, bite func()) *watchdog {
	w := &watchdog{step: limit / watchdogSteps, bite: bite, last: time.Now(), left: watchdogSteps}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(w.step, func() { w.tick(time.Now()) })
	return w
}

// calm ends the watch.
func (w *watchdog) calm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = 0
	w.timer.Stop()
}

// tick counts one step, unless it comes so late that the process cannot have been running.
func (w *watchdog) tick(now time.Time) {
	w.mu.Lock()
	if w.left == 0 {
		w.mu.Unlock()
		return
	}
	if now.Sub(w.last) < w.step+max(w.step, lateness) {
		w.left--
	}
	w.last = now
	over := w.left == 0
	if !over {
		w.timer.Reset(w.step)
	}
	w.mu.Unlock()
	if over {
		w.bite()
	}
}

// lateness is what a busy machine may add to a timer.
const lateness = 100 * time.Millisecond
