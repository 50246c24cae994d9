package drill

import (
	"context"
	"sync"
	"time"
)

const (
	stallTick = 20 * time.Millisecond

	// stallBound is how long the drill's own process may stand still before nothing that was measured meanwhile means anything.
	stallBound = 700 * time.Millisecond
)

// stalls notices when this process did not run although it wanted to: a machine that is too busy, or was suspended. Gaps that were
// measured then are the machine's, not the cluster's.
type stalls struct {
	done sync.WaitGroup

	mu      sync.Mutex
	longest time.Duration
}

// watchStalls watches until ctx ends.
func watchStalls(ctx context.Context) *stalls {
	s := &stalls{}
	s.done.Go(func() {
		tick := time.NewTicker(stallTick)
		defer tick.Stop()
		last := time.Now()
		for {
			select {
			case <-tick.C:
				now := time.Now()
				s.mu.Lock()
				s.longest = max(s.longest, now.Sub(last)-stallTick)
				s.mu.Unlock()
				last = now
			case <-ctx.Done():
				return
			}
		}
	})
	return s
}

// worst returns the longest time in which this process stood still.
func (s *stalls) worst() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.longest
}
