package clustertest

import (
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clock"
)

// Clock is a clock that a test can move forward for all nodes at once. It runs with the machine's otherwise.
type Clock struct {
	base clock.Clock
	gone atomic.Int64
}

var _ clock.Clock = (*Clock)(nil)

// NewClock returns a clock that shows the machine's time.
func NewClock() *Clock { return &Clock{base: clock.System(0)} }

// Wall returns the machine's time and what was advanced.
func (c *Clock) Wall() time.Time { return c.base.Wall().Add(time.Duration(c.gone.Load())) }

// Monotonic advances with Wall.
func (c *Clock) Monotonic() time.Duration {
	return c.base.Monotonic() + time.Duration(c.gone.Load())
}

// Advance lets time pass at once.
func (c *Clock) Advance(d time.Duration) { c.gone.Add(int64(d)) }

// Set is a change for Start: all nodes look at this clock.
func (c *Clock) Set(_ int, cfg *cluster.Config) { cfg.Seams.Clock = c }
