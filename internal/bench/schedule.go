package bench

import (
	"context"
	"math"
	"sync/atomic"
	"time"
)

// lateAfter is how much later than due an operation may begin and still be in time: timers are no finer.
const lateAfter = time.Millisecond

// window is when a run is measured. Operations that begin, or in an open loop are due, from from on and before to count.
type window struct {
	start, from, to time.Time
}

func (w window) holds(t time.Time) bool { return !t.Before(w.from) && t.Before(w.to) }

// schedule says when operations are due in an open loop: at even steps from the start on, whatever becomes of them. It is
// safe for concurrent use.
type schedule struct {
	start time.Time
	every float64 // ns
	next  atomic.Uint64
}

func newSchedule(start time.Time, rate float64) *schedule {
	return &schedule{start: start, every: float64(time.Second) / rate}
}

// claim returns when the next operation is due. Each is claimed once.
func (s *schedule) claim() time.Time { return s.at(s.next.Add(1) - 1) }

func (s *schedule) at(n uint64) time.Time {
	return s.start.Add(time.Duration(float64(n) * s.every))
}

// before counts the operations that are due before a moment.
func (s *schedule) before(t time.Time) uint64 {
	if !t.After(s.start) {
		return 0
	}
	n := uint64(math.Ceil(float64(t.Sub(s.start)) / s.every))
	for n > 0 && !s.at(n-1).Before(t) { // the division may be off by one
		n--
	}
	for s.at(n).Before(t) {
		n++
	}
	return n
}

// sleeper waits without making a timer each time. It is for one goroutine.
type sleeper struct{ timer *time.Timer }

func newSleeper() *sleeper {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &sleeper{t}
}

// sleep waits for d, at most until ctx ends, and reports whether ctx is alive.
func (s *sleeper) sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	s.timer.Reset(d)
	select {
	case <-s.timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		s.timer.Stop()
		return false
	}
}
