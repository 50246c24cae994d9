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
	// headroomBytes is by how much the heap may grow between two collections at least. Records do not lie on the heap, so what does
	// is small, and at Go's default pace it would be gone through many times a second under load.
	headroomBytes = 64 << 20

	// leastPercent is Go's default, which is what a large heap gets.
	leastPercent = 100
	mostPercent  = 1600

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
	percent, limit int64 // told last
}

func newCollector(memory uint64, beside func() uint64) *collector {
	return &collector{memory: memory, beside: beside, fixedPercent: os.Getenv("GOGC") != "", fixedLimit: os.Getenv("GOMEMLIMIT") != ""}
}

// choose says at what growth of a live heap the next collection is due, in percent, and what the runtime may have: four fifths of the
// memory less what lies beside the heap. At the default pace a budget of half of the memory could fill all of it.
func (c *collector) choose(live, beside uint64) (percent, limit int64) {
	headroom := min(headroomBytes, c.memory/16)
	percent = min(max(int64(100*headroom/max(live, 1)), leastPercent), mostPercent)
	limit = max(int64(c.memory/5*4)-int64(beside), min(leastHeap, int64(c.memory/2)))
	return percent, limit
}

// adjust tells the collector where that makes a difference: each change stops the world for a moment.
func (c *collector) adjust(live uint64) {
	percent, limit := c.choose(live, c.beside())
	if !c.fixedPercent && differs(percent, c.percent) {
		debug.SetGCPercent(int(percent))
		c.percent = percent
	}
	if !c.fixedLimit && differs(limit, c.limit) {
		debug.SetMemoryLimit(limit)
		c.limit = limit
	}
}

// differs reports whether two settings are more than a sixteenth apart.
func differs(a, b int64) bool { return a > b+b/16 || a < b-b/16 }

// run adjusts the settings as the heap grows and shrinks, until ctx ends.
func (c *collector) run(ctx context.Context) {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	ticker := time.NewTicker(tuneEvery)
	defer ticker.Stop()
	for {
		metrics.Read(sample)
		c.adjust(sample[0].Value.Uint64())
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
