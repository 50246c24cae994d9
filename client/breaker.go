package client

import (
	"sync"
	"time"
)

const (
	breakerThreshold = 3                      // failures in a row after which a node is left alone
	breakerWait      = 500 * time.Millisecond // for how long at first; doubles with each failed probe
	breakerMaxWait   = 10 * time.Second
)

// breaker remembers how one node has been doing. It is closed at first, opens after breakerThreshold failures in a row,
// and lets one probe through when its time is over: success closes it, failure opens it for twice as long.
//
// It never has the last word: when all nodes are left alone, a call goes to the one whose time is over first.
type breaker struct {
	mu       sync.Mutex
	failures int
	wait     time.Duration
	until    time.Time // zero while closed
	probing  bool
}

// allow reports whether a call may go to the node, and counts it as the probe where one is due. Every call that was
// allowed, or that goes there all the same, ends with success, failure or abandon.
func (b *breaker) allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return true
	}
	if now.Before(b.until) || b.probing {
		return false
	}
	b.probing = true
	return true
}

// reopens is when the node may be probed again; the zero time while it is closed.
func (b *breaker) reopens() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.until
}

// success closes the breaker.
func (b *breaker) success() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures, b.wait, b.until, b.probing = 0, 0, time.Time{}, false
}

// failure counts one, and opens the breaker where it is enough. The node asked to be left alone for retryAfter (0 = it
// did not say). jitter, in [0, 1), spreads the probes of many clients over half of the wait.
func (b *breaker) failure(now time.Time, retryAfter time.Duration, jitter float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures++
	b.probing = false
	if b.failures < breakerThreshold {
		return
	}
	b.wait = min(max(2*b.wait, breakerWait), breakerMaxWait)
	pause := max(b.wait, min(retryAfter, breakerMaxWait))
	b.until = now.Add(pause + time.Duration(jitter*float64(pause)/2))
}

// abandon gives a probe back that was given up by its caller before the node could show anything.
func (b *breaker) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
}
