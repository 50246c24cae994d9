package puppet

import (
	"sync"
	"time"

	truth "github.com/sessnode/sessnode/cluster/clock"
)

// clock is the machine's clock with a wall clock that can jump, and with a drift of both. Its monotonic part never goes back.
type clock struct {
	machine truth.Clock

	mu     sync.Mutex
	offset time.Duration
	rate   float64       // seconds gained a second
	since  time.Duration // monotonic time of the machine at which rate was set
	gained time.Duration // until then
}

func newClock(machine truth.Clock) *clock { return &clock{machine: machine} }

// Wall returns the machine's time of day, shifted.
func (c *clock) Wall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.machine.Wall().Add(c.offset + c.gain(c.machine.Monotonic()))
}

// Monotonic returns the machine's monotonic time and what the drift has added.
func (c *clock) Monotonic() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.machine.Monotonic()
	return now + c.gain(now)
}

// gain is what the drift has added until now. The caller holds mu.
func (c *clock) gain(now time.Duration) time.Duration {
	return c.gained + time.Duration(float64(now-c.since)*c.rate)
}

// jump sets what is added to the wall clock.
func (c *clock) jump(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = offset
}

// drift sets the rate, and reports whether it is allowed: a clock must go on.
func (c *clock) drift(rate float64) bool {
	if !(rate > -1 && rate <= 10) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.machine.Monotonic()
	c.gained, c.since, c.rate = c.gain(now), now, rate
	return true
}
