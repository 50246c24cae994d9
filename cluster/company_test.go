package cluster

import (
	"context"
	"math"
	"runtime"
	runtimemetrics "runtime/metrics"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode/cluster/clock"
	"github.com/sessnode/sessnode/fsm"
)

// short is a machine on which a goroutine waits for a processor for so long.
func short(each time.Duration) func() time.Duration { return func() time.Duration { return each } }

// TestBatchesFollowTheWaitsForProcessors has a batch last the longer, the longer goroutines wait, within bounds.
func TestBatchesFollowTheWaitsForProcessors(t *testing.T) {
	for each, want := range map[time.Duration]time.Duration{0: 0, 10 * time.Microsecond: 160 * time.Microsecond,
		500 * time.Microsecond: 8 * time.Millisecond, time.Second: companyMost} {
		c, now := newCompany(short(each)), time.Now()
		if got := c.rest(now); got > 0 {
			t.Errorf("waits of %v: a rest of %v before anything was measured", each, got)
		}
		now = now.Add(companyLooks)
		c.begin(now)
		if got := c.rest(now); got != want {
			t.Errorf("waits of %v: a rest of %v, want %v", each, got, want)
		}
		if got := c.rest(now.Add(companyMost)); got > 0 {
			t.Errorf("waits of %v: a rest of %v long after the batch before", each, got)
		}
	}
}

// TestWaitsOfTheScheduler has goroutines wait for a processor, and sees that more than half of them do.
func TestWaitsOfTheScheduler(t *testing.T) {
	waits := schedulerWaits()
	waits()
	for range 10_000 { // the scheduler samples
		done := make(chan struct{})
		for range 64 {
			go func() { runtime.Gosched(); done <- struct{}{} }()
		}
		for range 64 {
			<-done
		}
		if waits() > 0 {
			return
		}
	}
	t.Error("no wait was seen")
}

// TestTheMedianIsOfWhatCameSince what was counted before.
func TestTheMedianIsOfWhatCameSince(t *testing.T) {
	bounds := []float64{math.Inf(-1), 0, 1e-6, 1e-3, math.Inf(1)}
	for _, c := range []struct {
		counts, before [4]uint64
		want           time.Duration
	}{
		{[4]uint64{0, 0, 0, 0}, [4]uint64{0, 0, 0, 0}, 0},
		{[4]uint64{0, 9, 8, 7}, [4]uint64{0, 9, 8, 7}, 0},
		{[4]uint64{5, 0, 0, 0}, [4]uint64{0, 0, 0, 0}, 0},
		{[4]uint64{0, 10, 9, 0}, [4]uint64{0, 0, 0, 0}, 0},
		{[4]uint64{0, 9, 10, 0}, [4]uint64{0, 0, 0, 0}, time.Microsecond},
		{[4]uint64{0, 100, 9, 10}, [4]uint64{0, 98, 9, 0}, time.Millisecond},
	} {
		h := &runtimemetrics.Float64Histogram{Counts: c.counts[:], Buckets: bounds}
		if got := median(h, c.before[:]); got != c.want {
			t.Errorf("the median of %v since %v is %v, want %v", c.counts, c.before, got, c.want)
		}
	}
}

// TestABatchWaitsForCompany pushes one change after another where processors are short: the second batch begins so long after the first.
func TestABatchWaitsForCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, h := shortOfProcessors(t)
		for range 2 { // the second look is the first that tells anything
			time.Sleep(companyLooks)
			b.queue.push(budget(t, 1, 0))
			(<-h.entries).landed <- nil
		}
		began := time.Now()
		for i := range 5 {
			b.queue.push(budget(t, uint64(i), 0))
		}
		e := <-h.entries
		if took := time.Since(began); took != companyMost || len(e.ops) != 5 {
			t.Errorf("a batch of %d changes %v after the one before, want 5 after %v", len(e.ops), took, companyMost)
		}
		e.landed <- nil

		began = time.Now()
		for i := range companyEnough {
			b.queue.push(budget(t, uint64(i), 0))
			synctest.Wait()
		}
		e = <-h.entries
		if took := time.Since(began); took != 0 || len(e.ops) != companyEnough {
			t.Errorf("a batch of %d changes after %v, want %d at once", len(e.ops), took, companyEnough)
		}
		e.landed <- nil

		time.Sleep(time.Millisecond) // the token of a push that was taken already began no batch
		synctest.Wait()
		time.Sleep(companyMost)
		began = time.Now()
		b.queue.push(budget(t, 1, 0))
		e = <-h.entries
		if took := time.Since(began); took != 0 {
			t.Errorf("a change that came long after the last batch waited %v", took)
		}
		e.landed <- nil
	})
}

// TestWhatFillsABatchNeedsNoCompany: many changes, large ones, and what a batch had no room for.
func TestWhatFillsABatchNeedsNoCompany(t *testing.T) {
	q := newQueue()
	for i, size := range []int{maxBatchBytes / 2, maxBatchBytes / 2, 1} {
		if crowded := q.crowded(); crowded != (i == 2) {
			t.Errorf("with %d changes there is a crowd: %v", i, crowded)
		}
		q.push(newPending(make([]byte, size)))
	}
	for i, want := range []int{2, 1, 0} {
		crowded := q.crowded()
		if batch := q.take(fsm.MaxBatchOps, maxBatchBytes); len(batch) != want || crowded != (want > 0) {
			t.Errorf("batch %d has %d changes, and a crowd was there: %v; want %d", i, len(batch), crowded, want)
		}
	}
	if q.bytes != 0 {
		t.Errorf("%d bytes are left in an empty queue", q.bytes)
	}
	select {
	case <-q.crowd:
	default:
		t.Error("nobody was told of the crowd")
	}
}

// TestNobodyWaitsForCompanyAtTheEnd ends the office while a batch waits.
func TestNobodyWaitsForCompanyAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCompany(short(time.Second))
		c.rest(time.Now())
		time.Sleep(companyLooks)
		for _, gather := range []func(){
			func() { c.gather(ended(t), newQueue(), nil) },
			func() { down := make(chan struct{}); close(down); c.gather(t.Context(), newQueue(), down) },
		} {
			began := time.Now()
			c.begin(began)
			if gather(); time.Since(began) != 0 {
				t.Errorf("it took %v", time.Since(began))
			}
		}
	})
}

func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// shortOfProcessors runs a batcher where goroutines wait for ages.
func shortOfProcessors(t *testing.T) (*batcher, *heldRaft) {
	h := &heldRaft{entries: make(chan *heldEntry, 100)}
	cfg := Config{Seams: Seams{Waits: short(time.Second)}}.withDefaults()
	b := newBatcher(h, futures{down: make(chan struct{})}, fsm.New(), clock.NewStamper(clock.System(0), "a", 1), cfg, &writeCounts{})
	ctx, stop := context.WithCancel(t.Context())
	go b.run(ctx)
	t.Cleanup(stop)
	return b, h
}
