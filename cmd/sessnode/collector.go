package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Settings of Go's garbage collector, chosen by measurement: docs/performance/memory.md. The environment's GOGC and GOMEMLIMIT have
// precedence, each over its own.
const (
	// collectEvery is how long what is allocated should last until the next collection, where the bounds below allow it.
	collectEvery = time.Second / 2

	// leastHeadroom is by how much the heap may grow between two collections at least, and so what a burst meets that comes out of
	// nothing.
	leastHeadroom = 8 << 20

	// mostHeadroom is by how much it may at most, unless more than that is live. Records do not lie on the heap, so what does is small, and at
	// Go's default pace it would be gone through many times a second under load.
	mostHeadroom = 64 << 20

	// leastPart is the part of a large heap that it may grow by however little is allocated.
	leastPart = 4

	mostPercent = 1600

	// leastHeap is what the heap may have however much lies beside it, or half of the memory where that is less: below, the collector
	// would do nothing but collect.
	leastHeap = 128 << 20

	tuneEvery = time.Second
)

// collector is what the garbage collector is told. The zero value tells it nothing yet.
type collector struct {
	memory         uint64        // that the process may have
	beside         func() uint64 // bytes of records outside of the heap, which the runtime does not know
	fixedPercent   bool
	fixedLimit     bool
	percent, limit int64  // told last
	rate           uint64 // bytes allocated a second; it falls slowly, so that a short rest changes nothing
}

func newCollector(memory uint64, beside func() uint64) *collector {
	return &collector{memory: memory, beside: beside, fixedPercent: os.Getenv("GOGC") != "", fixedLimit: os.Getenv("GOMEMLIMIT") != ""}
}

// choose says at what growth of a live heap the next collection is due, in percent, and what the runtime may have: four fifths of the
// memory less what lies beside the heap. At the default pace a budget of half of the memory could fill all of it.
func (c *collector) choose(live, beside uint64) (percent, limit int64) {
	live = max(live, 1)
	headroom := c.rate / uint64(time.Second/collectEvery)
	headroom = min(max(headroom, leastHeadroom, live/leastPart), max(min(mostHeadroom, c.memory/16), live))
	percent = min(int64(100*headroom/live), mostPercent)
	limit = max(int64(c.memory/5*4)-int64(beside), min(leastHeap, int64(c.memory/2)))
	return percent, limit
}

// allocated takes down how much was, in a time.
func (c *collector) allocated(bytes uint64, in time.Duration) {
	c.rate = max(uint64(float64(bytes)/in.Seconds()), c.rate/4*3)
}

// adjust tells the collector where that makes a difference: each change stops the world for a moment. heap is what is live and what is garbage.
func (c *collector) adjust(live, heap uint64) {
	percent, limit := c.choose(live, c.beside())
	if !c.fixedPercent && differs(percent, c.percent) {
		debug.SetGCPercent(int(percent))
		c.percent = percent
		if goal := live + live/100*uint64(percent); heap > goal+goal/16 {
			// A collection is due now. The runtime begins one when it needs more memory, which at rest can take minutes, and gives back
			// what is free after that bit by bit.
			debug.FreeOSMemory()
		}
	}
	if !c.fixedLimit && differs(limit, c.limit) {
		debug.SetMemoryLimit(limit)
		c.limit = limit
	}
}

// differs reports whether two settings are more than a sixteenth apart.
func differs(a, b int64) bool { return a > b+b/16 || a < b-b/16 }

// run adjusts the settings as the heap grows and shrinks and more or less is allocated, until ctx ends. After a burst the heap's goal falls
// with that, and the runtime gives the difference back to the system.
func (c *collector) run(ctx context.Context) {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/allocs:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	ticker := time.NewTicker(tuneEvery)
	defer ticker.Stop()
	var before uint64
	at := time.Now()
	for {
		metrics.Read(sample)
		now, all := time.Now(), sample[1].Value.Uint64()
		if in := now.Sub(at); in >= tuneEvery/2 {
			c.allocated(all-before, in)
		}
		before, at = all, now
		c.adjust(sample[0].Value.Uint64(), sample[2].Value.Uint64())
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// besideHeap is how many bytes the process has outside of what Go's runtime has taken: the slabs of sessions and their indexes. Where the
// system does not say it as Linux does, it is 0.
func besideHeap() uint64 {
	var pages, resident uint64
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	if _, err := fmt.Sscan(string(text), &pages, &resident); err != nil {
		return 0
	}
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	runtimes := sample[0].Value.Uint64() - sample[1].Value.Uint64()
	resident *= uint64(os.Getpagesize())
	return resident - min(resident, runtimes)
}
