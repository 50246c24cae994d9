package cluster

import (
	"sync"
	"time"
)

const (
	// strainKept is how long at least what came late is remembered; at most twice as long.
	strainKept = 30 * time.Second

	// strainFactor is how much is allowed for what came late by some time: a heartbeat and its answer pass through four goroutines of two
	// processes, and each may have to wait as long as the latest did.
	strainFactor = 4

	// strainMost bounds what is allowed, and so what a leader that hangs without being dead may cost on a strained machine.
	strainMost = time.Second
)

// strain is how late things have come lately that take no time of themselves: ticks of this process, and answers to heartbeats. Where
// processors are short that is nobody's death, but looks like it to time-outs that were made for a quiet machine. It is safe for
// concurrent use.
type strain struct {
	least, most time.Duration // lateness that is not counted; what is allowed at most

	mu     sync.Mutex
	began  time.Time        // of the present stretch
	latest [2]time.Duration // that anything came in the present stretch, and in the one before
}

// newStrain suits a time-out of heartbeats.
func newStrain(heartbeat time.Duration) *strain {
	return &strain{least: heartbeat / 20, most: min(strainFactor*heartbeat, strainMost)}
}

// late records that something came late by d. What exceeds all that may be allowed was an outage, of which nothing is learnt.
func (s *strain) late(d time.Duration, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(now)
	if d > s.least && d <= s.most {
		s.latest[0] = max(s.latest[0], d)
	}
}

// allowance is what time-outs have to allow for. It is zero on a machine that is not strained.
func (s *strain) allowance(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(now)
	return min(strainFactor*max(s.latest[0], s.latest[1]), s.most)
}

// turn begins another stretch when it is time to. The caller holds mu.
func (s *strain) turn(now time.Time) {
	switch since := now.Sub(s.began); {
	case since >= 2*strainKept:
		s.latest = [2]time.Duration{}
	case since >= strainKept:
		s.latest = [2]time.Duration{0, s.latest[0]}
	default:
		return
	}
	s.began = now
}
