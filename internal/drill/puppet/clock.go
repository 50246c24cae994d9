package puppet

import (
	"sync/atomic"
	"time"

	truth "github.com/sessnode/sessnode/cluster/clock"
)

// clock is the machine's clock with a wall clock that can jump. Its monotonic part goes on as it is.
type clock struct {
	truth.Clock
	offset atomic.Int64 // ns
}

func newClock() *clock { return &clock{Clock: truth.System(0)} }

// Wall returns the machine's time of day, shifted.
func (c *clock) Wall() time.Time { return c.Clock.Wall().Add(time.Duration(c.offset.Load())) }

func (c *clock) jump(offset time.Duration) { c.offset.Store(int64(offset)) }
