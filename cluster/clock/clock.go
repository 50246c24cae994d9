package clock

import "time"

// Clock is where a node reads time: injected, so that tests decide what it says.
//
// Both methods are called from many goroutines at once and must not block.
type Clock interface {
	// Wall returns what the machine believes the time of day is. It may be wrong, and may jump either way.
	Wall() time.Time

	// Monotonic returns the time since an arbitrary moment. It never goes back.
	Monotonic() time.Duration
}

// System returns the machine's own clock with its wall clock shifted by offset, which is zero outside of tests that need
// a node whose clock is wrong.
func System(offset time.Duration) Clock {
	return system{start: time.Now(), offset: offset}
}

type system struct {
	start  time.Time
	offset time.Duration
}

// Wall drops the monotonic reading, so that a step of the machine's wall clock is seen.
func (s system) Wall() time.Time { return time.Now().Round(0).Add(s.offset) }

// Monotonic measures from the creation of the clock: time.Since uses the monotonic reading.
func (s system) Monotonic() time.Duration { return time.Since(s.start) }
