package clock

import (
	"sync"
	"time"
)

// Estimate is what a node that is not the leader can say about the present cluster time: the latest stamp it knows plus
// what has passed on its own monotonic clock since it learned of it. It lags the leader's by the way of the message and by
// the slew; it is a starting point for a new leader and for deadlines, never a reason to expire anything.
type Estimate struct {
	clock Clock

	mu    sync.Mutex
	stamp int64
	at    time.Duration
}

// NewEstimate returns an estimate that knows nothing: Now is zero until the first Learn.
func NewEstimate(c Clock) *Estimate { return &Estimate{clock: c} }

// Learn records a stamp of the leader (ns since the epoch), committed or read. One that is behind the estimate changes nothing.
func (e *Estimate) Learn(stamp int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := e.clock.Monotonic(); stamp > e.nowLocked(now) {
		e.stamp, e.at = stamp, now
	}
}

// Replace forgets all that was learned: for a state that was restored from a snapshot.
func (e *Estimate) Replace(stamp int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stamp, e.at = stamp, e.clock.Monotonic()
}

// Now returns the estimate, ns since the epoch; 0 while nothing is known.
func (e *Estimate) Now() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.nowLocked(e.clock.Monotonic())
}

func (e *Estimate) nowLocked(now time.Duration) int64 {
	if e.stamp == 0 {
		return 0
	}
	return e.stamp + max(int64(now-e.at), 0)
}
