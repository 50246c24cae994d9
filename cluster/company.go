package cluster

import (
	"context"
	"math"
	runtimemetrics "runtime/metrics"
	"time"
)

// A batch costs a millisecond of processor time on three nodes, nearly all of it whatever the batch holds. Where processors are short, a
// change that waits as long for company as requests wait for processors anyway makes all of them quicker. Measured with 5 % of changes among
// reads (docs/performance/where-time-goes.md).
const (
	// companyFactor is how many times as long as a goroutine waits for a processor on the average a batch may last: a request needs about ten
	// such waits.
	companyFactor = 16

	// companyMost bounds how long after a batch the next one begins.
	companyMost = 10 * time.Millisecond

	// companyLeast is worth no timer.
	companyLeast = 100 * time.Microsecond

	// companyEnough is a number of changes in a batch that needs no more; nor does one with all the bytes that fit.
	companyEnough = 64

	// companyLooks is how often the waits for processors are looked at, at most: that costs some microseconds.
	companyLooks = 50 * time.Millisecond
)

// company says when a batch should begin where processors are short. With processors to spare that is at once. It is for one goroutine.
type company struct {
	waits func() (number uint64, sum time.Duration) // for a processor, of goroutines of this process, since it began
	timer *time.Timer

	began  time.Time // of the batch before
	looked time.Time
	number uint64 // what waits returned then
	sum    time.Duration
	span   time.Duration // from the beginning of a batch to that of the next
}

// newCompany asks waits, or the scheduler where that is nil.
func newCompany(waits func() (uint64, time.Duration)) *company {
	if waits == nil {
		waits = schedulerWaits()
	}
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &company{waits: waits, timer: timer}
}

// gather waits until the next batch of q should begin, or ctx or other ends.
func (c *company) gather(ctx context.Context, q *queue, other <-chan struct{}) {
	rest := c.rest(time.Now())
	if rest < companyLeast {
		return
	}
	c.timer.Reset(rest)
	defer c.timer.Stop()
	for !q.crowded() {
		select {
		case <-c.timer.C:
			return
		case <-q.crowd: // perhaps of a crowd before
		case <-ctx.Done():
			return
		case <-other:
			return
		}
	}
}

// begin is told that a batch does.
func (c *company) begin(now time.Time) { c.began = now }

// rest returns how long after now the next batch should begin.
func (c *company) rest(now time.Time) time.Duration {
	if now.Sub(c.looked) >= companyLooks {
		number, sum := c.waits()
		c.span = 0
		if number > c.number && !c.looked.IsZero() {
			mean := (sum - c.sum) / time.Duration(number-c.number)
			c.span = min(companyFactor*mean, companyMost)
		}
		c.looked, c.number, c.sum = now, number, sum
	}
	return c.span - now.Sub(c.began)
}

// schedulerWaits returns what newCompany wants to know, as the scheduler samples it. It is for one goroutine.
func schedulerWaits() func() (number uint64, sum time.Duration) {
	sample := []runtimemetrics.Sample{{Name: "/sched/latencies:seconds"}}
	return func() (number uint64, sum time.Duration) {
		runtimemetrics.Read(sample)
		if sample[0].Value.Kind() != runtimemetrics.KindFloat64Histogram {
			return 0, 0 // another runtime: no batch waits
		}
		h, seconds := sample[0].Value.Float64Histogram(), 0.0
		for i, n := range h.Counts {
			number += n
			if least := h.Buckets[i]; n > 0 && !math.IsInf(least, 0) {
				seconds += float64(n) * least
			}
		}
		return number, time.Duration(seconds * float64(time.Second))
	}
}
