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
	changed chan struct{} // closed at the next change
	stopped uint64        // pieces that were held or dropped since the last change for the worse
	delayed uint64
}

func newLink(seed1, seed2 uint64) *Link {
	return &Link{rng: rand.New(rand.NewPCG(seed1, seed2)), changed: make(chan struct{})}
}

func (l *Link) change(set func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	set()
	close(l.changed)
	l.changed = make(chan struct{})
}

// Cut lets nothing of a kind of traffic through any more. Packets are dropped. Streams are held, as TCP does with a network that loses
// everything: what was sent arrives after Heal, unless a node gives up before; new connections hang.
func (l *Link) Cut(t Traffic) { l.change(func() { l.cut |= t; l.stopped = 0 }) }

// Delay holds each piece of traffic for mean, give or take up to jitter. The order within a stream stays.
func (l *Link) Delay(mean, jitter time.Duration) {
	l.change(func() { l.mean, l.jitter, l.delayed = mean, jitter, 0 })
}

// Loss loses this share of all pieces of traffic, 0 to 1. A stream only loses time: that of a retransmission.
func (l *Link) Loss(share float64) { l.change(func() { l.loss = share }) }

// Heal ends everything that is wrong with the link.
func (l *Link) Heal() {
	l.change(func() { l.cut, l.mean, l.jitter, l.loss = 0, 0, 0, 0 })
}

// Stopped returns how many pieces of traffic were held or dropped since the link was cut.
func (l *Link) Stopped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopped
}

// Delayed returns how many pieces of traffic were delayed since the delay was set.
func (l *Link) Delayed() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.delayed
}

// open waits until a kind of traffic is not cut. It counts one piece that was stopped if it had to wait.
func (l *Link) open(ctx context.Context, t Traffic) error {
	for counted := false; ; {
		l.mu.Lock()
		if l.cut&t == 0 {
			l.mu.Unlock()
			return nil
		}
		if !counted {
			l.stopped++
			counted = true
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drops reports whether a packet is lost.
func (l *Link) drops(t Traffic) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut&t != 0 {
		l.stopped++
		return true
	}
	return l.loss > 0 && l.rng.Float64() < l.loss
}

// hold returns how long a piece of traffic is under way. Of a stream, a lost piece is under way for longer.
func (l *Link) hold(stream bool) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.mean
	if l.jitter > 0 {
		d += time.Duration(l.rng.Int64N(int64(2*l.jitter))) - l.jitter
	}
	if stream && l.loss > 0 && l.rng.Float64() < l.loss {
		d += retransmission
	}
	if d > 0 {
		l.delayed++
	}
	return max(0, d)
}
