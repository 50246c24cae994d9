package raftlog

import (
	"sync/atomic"
	"time"
)

// Histogram is a snapshot in plain numbers: Counts[i] observations were at most Bounds[i] and more than the bound before; the last
// of Counts, one more than Bounds, is all that was longer.
type Histogram struct {
	Bounds []float64 // seconds, rising
	Counts []uint64
	Sum    float64 // seconds
	Count  uint64
}

// bounds reach from a fast NVMe's sync to the default stall time-out.
func bounds() [14]time.Duration {
	const us, ms = time.Microsecond, time.Millisecond
	return [...]time.Duration{100 * us, 250 * us, 500 * us, ms, 2 * ms, 5 * ms, 10 * ms, 25 * ms, 50 * ms, 100 * ms, 250 * ms, time.Second, 2500 * ms, 10 * time.Second}
}

type histogram struct {
	counts [15]atomic.Uint64
	sum    atomic.Int64 // ns
}

func (h *histogram) observe(d time.Duration) {
	i := 0
	for _, bound := range bounds() {
		if d <= bound {
			break
		}
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(int64(d))
}

func (h *histogram) snapshot() Histogram {
	s := Histogram{Sum: time.Duration(h.sum.Load()).Seconds()}
	for _, bound := range bounds() {
		s.Bounds = append(s.Bounds, bound.Seconds())
	}
	for i := range h.counts {
		n := h.counts[i].Load()
		s.Counts = append(s.Counts, n)
		s.Count += n
	}
	return s
}
