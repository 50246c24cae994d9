package client

import (
	"testing"
	"time"
)

func TestBreakerOpensAfterThreeFailuresInARow(t *testing.T) {
	now := time.Unix(0, 0)
	var b breaker
	b.failure(now, 0, 0)
	b.failure(now, 0, 0)
	b.success()
	b.failure(now, 0, 0)
	b.failure(now, 0, 0)
	if !b.allow(now) {
		t.Fatal("allow after two failures in a row = false, want true")
	}
	b.failure(now, 0, 0)
	if b.allow(now) || b.allow(now.Add(breakerWait-1)) {
		t.Fatal("allow after three failures in a row = true, want false")
	}
}

func TestBreakerLetsOneProbeThrough(t *testing.T) {
	now := time.Unix(0, 0)
	b := opened(now)
	later := now.Add(breakerWait)
	if !b.allow(later) {
		t.Fatal("allow when the wait is over = false, want the probe")
	}
	if b.allow(later) {
		t.Fatal("allow beside a probe = true, want false")
	}
	b.success()
	if !b.allow(later) || !b.allow(later) {
		t.Fatal("allow after a good probe = false, want true")
	}
}

func TestFailedProbeDoublesTheWait(t *testing.T) {
	now := time.Unix(0, 0)
	b := opened(now)
	for want := 2 * breakerWait; want < 4*breakerMaxWait; want *= 2 {
		now = b.reopens()
		if !b.allow(now) {
			t.Fatalf("allow at %v = false, want the probe", now)
		}
		b.failure(now, 0, 0)
		if got := b.reopens().Sub(now); got != min(want, breakerMaxWait) {
			t.Fatalf("wait after a failed probe = %v, want %v", got, min(want, breakerMaxWait))
		}
	}
}

func TestAbandonedProbeIsGivenBack(t *testing.T) {
	now := time.Unix(0, 0)
	b := opened(now)
	b.allow(now.Add(breakerWait))
	b.abandon()
	if !b.allow(now.Add(breakerWait)) {
		t.Fatal("allow after an abandoned probe = false, want another probe")
	}
}

func TestBreakerWaitsAsLongAsTheNodeAsks(t *testing.T) {
	now := time.Unix(0, 0)
	var b breaker
	for range breakerThreshold {
		b.failure(now, 3*time.Second, 0)
	}
	if got := b.reopens().Sub(now); got != 3*time.Second {
		t.Fatalf("wait = %v, want the 3s that the node asked for", got)
	}
}

func TestRoundAsksEveryNodeOnceBeforeAnyTwice(t *testing.T) {
	now := time.Unix(0, 0)
	r := newNodes([]string{"a", "b", "c"}, 0).round()
	for range 2 {
		asked := map[string]bool{}
		for range 3 {
			asked[r.pick(now).base] = true
		}
		if len(asked) != 3 || r.pick(now) != nil {
			t.Fatalf("a round asked %v, want each of three once and then none", asked)
		}
		r.again()
	}
}

func TestRoundFallsBackToTheNodeThatReopensFirst(t *testing.T) {
	now := time.Unix(0, 0)
	n := newNodes([]string{"a", "b"}, 0)
	for i, node := range n.all {
		for range breakerThreshold {
			node.failure(now.Add(time.Duration(-i)*time.Millisecond), 0, 0)
		}
	}
	r := n.round()
	if got := r.pick(now); got != n.all[1] {
		t.Fatalf("pick with all nodes left alone = %v, want the one that reopens first", got)
	}
	if got := r.pick(now); got != nil {
		t.Fatalf("second pick = %v, want the end of the round", got.base)
	}
}

func opened(now time.Time) *breaker {
	b := &breaker{}
	for range breakerThreshold {
		b.failure(now, 0, 0)
	}
	return b
}
