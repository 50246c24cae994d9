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

	// jumpBound is how far this machine's wall clock may jump: half of what sessions with an absolute end are given. A clock that is
	// bent, as NTP does, moves by less than a millisecond between two looks.
	jumpBound = 250 * time.Millisecond
)

// stalls notices when this process did not run although it wanted to, because the machine was too busy, and when the machine's clock
// jumped or the machine was suspended, in which the monotonic clock stands still. Gaps that were measured then are the machine's, not the
// cluster's. It is safe for concurrent use.
type stalls struct {
	done sync.WaitGroup

	mu      sync.Mutex
	longest time.Duration
	all     time.Duration // of the stalls that are longer than stallBound
	jumped  time.Duration // the furthest jump, either way
}

// watchStalls watches until ctx ends; wait waits for that.
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
				s.learn(now.Sub(last), now.Round(0).Sub(last.Round(0)))
				last = now
			case <-ctx.Done():
				return
			}
		}
	})
	return s
}

func (s *stalls) wait() { s.done.Wait() }

// learn takes in what the monotonic and the wall clock say has passed between two looks.
func (s *stalls) learn(passed, wall time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stood := passed - stallTick
	s.longest = max(s.longest, stood)
	if stood > stallBound {
		s.all += stood
	}
	if jump := (wall - passed).Abs(); jump > s.jumped {
		s.jumped = jump
	}
}

// worst returns the longest time in which this process stood still.
func (s *stalls) worst() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.longest
}

// total returns how long this process stood still in all the times that were too long.
func (s *stalls) total() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all
}

// jump returns how far the machine's wall clock jumped at the most, either way.
func (s *stalls) jump() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.jumped
}
