package faultnet

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Traffic is a kind of traffic, or both.
type Traffic uint8

// The kinds of traffic.
const (
	NodePort Traffic = 1 << iota // Raft, and calls between nodes
	Gossip                       // its packets and its streams
	All      = NodePort | Gossip
)

// retransmission is what a lost piece of a TCP stream costs: the least time-out of Linux (RFC 6298 has a second).
const retransmission = 200 * time.Millisecond

// Link is what one node says to another, one way. Its methods are safe for concurrent use, and a change counts from the next piece of
// traffic on.
type Link struct {
	mu      sync.Mutex
	rng     *rand.Rand
	cut     Traffic
	mean    time.Duration
	jitter  time.Duration
	loss    float64
	rate    int64         // bytes a second; 0: as fast as it goes
	free    time.Time     // when a link with a rate has sent what it took so far
	changed chan struct{} // closed at the next change
	stopped uint64        // pieces that were held or dropped since the last change for the worse
	delayed uint64
	lost    uint64
}

func newLink(seed1, seed2 uint64) *Link {
	return &Link{rng: rand.New(rand.NewPCG(seed1, seed2)), changed: make(chan struct{})}
}

func (l *Link) change(set func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	set()
	l.wake()
}

// wake lets all who wait look again. The caller holds mu.
func (l *Link) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Cut lets nothing of a kind of traffic through any more. Packets are dropped. Streams are held, as TCP does with a network that loses
// everything: what was sent arrives after Heal, unless a node gives up before, and so does the news that an end has closed; new
// connections hang. Linux sends again for about 15 minutes before it gives up (tcp_retries2), longer than any drill: so nothing is reset.
func (l *Link) Cut(t Traffic) { l.change(func() { l.cut |= t; l.stopped = 0 }) }

// Delay holds each piece of traffic for mean, give or take up to jitter. The order within a stream stays.
func (l *Link) Delay(mean, jitter time.Duration) {
	l.change(func() { l.mean, l.jitter, l.delayed = mean, jitter, 0 })
}

// Loss loses this share of all pieces of traffic, 0 to 1. A stream only loses time: that of a retransmission.
func (l *Link) Loss(share float64) { l.change(func() { l.loss, l.lost = share, 0 }) }

// Bandwidth lets so many bytes a second through, together; 0 is no limit.
func (l *Link) Bandwidth(rate int64) {
	l.change(func() { l.rate, l.free, l.delayed = rate, time.Time{}, 0 })
}

// Heal ends everything that is wrong with the link. What streams were held for arrives at once: TCP would wait for its next attempt.
func (l *Link) Heal() {
	l.change(func() { l.cut, l.mean, l.jitter, l.loss, l.rate = 0, 0, 0, 0, 0 })
}

// Stopped returns how many pieces of traffic were held or dropped since the link was cut.
func (l *Link) Stopped() uint64 { return l.count(&l.stopped) }

// Delayed returns how many pieces of traffic were delayed since Delay or Bandwidth was set.
func (l *Link) Delayed() uint64 { return l.count(&l.delayed) }

// Lost returns how many pieces of traffic were lost by chance since Loss was set. Those of streams were sent again.
func (l *Link) Lost() uint64 { return l.count(&l.lost) }

func (l *Link) count(of *uint64) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return *of
}

// open waits until a kind of traffic is not cut. It counts one piece that was stopped if it had to wait.
func (l *Link) open(ctx context.Context, t Traffic) error { return l.pass(ctx, t, time.Time{}) }

// pass waits until a piece of a stream may arrive: it is due or nothing delays any more, and its kind of traffic is not cut. It counts one
// piece that was stopped if it had to wait for a cut.
func (l *Link) pass(ctx context.Context, t Traffic, due time.Time) error {
	for counted := false; ; {
		l.mu.Lock()
		isCut, left := l.cut&t != 0, time.Until(due)
		if !isCut && (left <= 0 || l.mean == 0 && l.loss == 0 && l.rate == 0) {
			l.mu.Unlock()
			return ctx.Err()
		}
		if isCut && !counted {
			l.stopped++
			counted = true
		}
		changed := l.changed
		l.mu.Unlock()
		if isCut {
			left = time.Hour // until a change
		}
		if err := pause(ctx, left, changed); err != nil {
			return err
		}
	}
}

// pause waits for a time or a change, and returns an error if ctx ends before.
func pause(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// drops reports whether a packet is lost.
func (l *Link) drops(t Traffic) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut&t != 0 {
		l.stopped++
		return true
	}
	return l.loses()
}

// loses decides by chance. The caller holds mu.
func (l *Link) loses() bool {
	if l.loss > 0 && l.rng.Float64() < l.loss {
		l.lost++
		return true
	}
	return false
}

// hold returns how long a piece of traffic of n bytes is under way. Of a stream, a lost piece is under way for longer.
func (l *Link) hold(n int, stream bool) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.mean
	if l.jitter > 0 {
		d += time.Duration(l.rng.Int64N(int64(2*l.jitter))) - l.jitter
	}
	if l.rate > 0 {
		now := time.Now()
		if l.free.Before(now) {
			l.free = now
		}
		l.free = l.free.Add(time.Duration(float64(n) / float64(l.rate) * float64(time.Second)))
		d += l.free.Sub(now)
	}
	if d > 0 {
		l.delayed++
	}
	if stream && l.loses() {
		d += retransmission
	}
	return max(0, d)
}
