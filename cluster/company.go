package cluster

import (
	"context"
	runtimemetrics "runtime/metrics"
	"time"
)

// A batch costs a millisecond of processor time on three nodes, nearly all of it whatever the batch holds. Where processors are short, a
// change that waits as long for company as requests wait for processors anyway makes all of them quicker. Measured with 5 % of changes among
// reads (docs/performance/where-time-goes.md).
const (
	// companyFactor is how many times as long as goroutines wait for a processor, in the median, a batch may last: a request needs about ten
	// such waits. The median, because it is next to nothing until processors are busy most of the time; the mean is not.
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
	waits func() time.Duration // for a processor, of goroutines of this process, in the median since it was asked last; 0 if none did
	timer *time.Timer

	began  time.Time // of the batch before
	looked time.Time
	span   time.Duration // from the beginning of a batch to that of the next
}

// newCompany asks waits, or the scheduler where that is nil.
func newCompany(waits func() time.Duration) *company {
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
		wait := c.waits()
		if c.looked.IsZero() {
			wait = 0 // of all the time before
		}
		c.looked, c.span = now, min(companyFactor*wait, companyMost)
	}
	return c.span - now.Sub(c.began)
}

// schedulerWaits returns what newCompany wants to know, as the scheduler samples it. It is for one goroutine.
func schedulerWaits() func() time.Duration {
	sample := []runtimemetrics.Sample{{Name: "/sched/latencies:seconds"}}
	var before []uint64
	return func() time.Duration {
		runtimemetrics.Read(sample)
		if sample[0].Value.Kind() != runtimemetrics.KindFloat64Histogram {
			return 0 // another runtime: no batch waits
		}
		h := sample[0].Value.Float64Histogram()
		if before == nil {
			before = make([]uint64, len(h.Counts))
		}
		wait := median(h, before)
		copy(before, h.Counts)
		return wait
	}
}

// median returns the lower bound of where the median of what came since before lies; 0 if nothing did.
func median(h *runtimemetrics.Float64Histogram, before []uint64) time.Duration {
	all := uint64(0)
	for i, n := range h.Counts {
		all += n - before[i]
	}
	below := uint64(0)
	for i, n := range h.Counts {
		if below += n - before[i]; 2*below >= all && all > 0 {
			return time.Duration(max(h.Buckets[i], 0) * float64(time.Second))
		}
	}
	return 0
}
