package clustertest

import (
	"sync"
	"time"

	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clock"
)

// Clock is a clock that a test can move forward for all nodes at once. It runs with the machine's until it is held.
type Clock struct {
	base clock.Clock

	mu        sync.Mutex
	held      bool
	wall      time.Time     // while held
	monotonic time.Duration // while held
	gone      time.Duration
}

var _ clock.Clock = (*Clock)(nil)

// NewClock returns a clock that shows the machine's time.
func NewClock() *Clock { return &Clock{base: clock.System(0)} }

// Hold stops the clock, but for Advance: however slow the machine is, no time passes between two steps of a test.
func (c *Clock) Hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.monotonic, c.held = c.base.Wall(), c.base.Monotonic(), true
}

// Wall returns the machine's time, or when the clock was held, and what was advanced.
func (c *Clock) Wall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held {
		return c.wall.Add(c.gone)
	}
	return c.base.Wall().Add(c.gone)
}

// Monotonic advances with Wall.
func (c *Clock) Monotonic() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held {
		return c.monotonic + c.gone
	}
	return c.base.Monotonic() + c.gone
}

// Advance lets time pass at once.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone += d
}

// Set is a change for Start: all nodes look at this clock.
func (c *Clock) Set(_ int, cfg *cluster.Config) { cfg.Seams.Clock = c }
