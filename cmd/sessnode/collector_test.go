package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// restoreCollector puts the settings of the test's own process back.
func restoreCollector(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	debug.SetGCPercent(percent)
	t.Cleanup(func() { debug.SetGCPercent(percent); debug.SetMemoryLimit(limit) })
}

// told reads what the runtime was told.
func told() (percent int, limit int64) {
	percent = debug.SetGCPercent(100)
	debug.SetGCPercent(percent)
	return percent, debug.SetMemoryLimit(-1)
}

func TestTheHeapMayGrowByWhatIsAllocatedBetweenTwoCollections(t *testing.T) {
	for _, at := range []struct {
		live, beside, rate uint64
		percent, limit     int64
	}{
		{0, 0, 0, mostPercent, 8 << 30 / 5 * 4},
		{16 << 20, 0, 0, 50, 8 << 30 / 5 * 4},         // at rest: 8 MiB
		{16 << 20, 0, 64 << 20, 200, 8 << 30 / 5 * 4}, // 32 MiB
		{16 << 20, 0, 1 << 30, 400, 8 << 30 / 5 * 4},  // 64 MiB and no more
		{1 << 30, 0, 0, 25, 8 << 30 / 5 * 4},          // a quarter of a large heap
		{1 << 30, 0, 100 << 30, 100, 8 << 30 / 5 * 4}, // as Go does
		{16 << 20, 4 << 30, 1 << 30, 400, 8<<30/5*4 - 4<<30},
		{16 << 20, 9 << 30, 1 << 30, 400, leastHeap},
	} {
		c := &collector{memory: 8 << 30, rate: at.rate}
		if percent, limit := c.choose(at.live, at.beside); percent != at.percent || limit != at.limit {
			t.Errorf("with %d live, %d beside and %d a second: %d %%, %d, want %d %%, %d", at.live, at.beside, at.rate, percent, limit, at.percent, at.limit)
		}
	}
	small := &collector{memory: 200 << 20, rate: 1 << 30}
	if percent, limit := small.choose(16<<20, 190<<20); percent != 100 || limit != 100<<20 {
		t.Errorf("in 200 MiB: %d %%, %d, want 100 %%, half of it: there is no room for more", percent, limit)
	}
}

func TestAShortRestLowersTheHeadroomALittleAndALongOneToTheLeast(t *testing.T) {
	c := &collector{memory: 8 << 30}
	percent := func() int64 { p, _ := c.choose(16<<20, 0); return p }
	c.allocated(100<<20, time.Second)
	busy := percent()
	c.allocated(0, time.Second)
	if short := percent(); short >= busy || short < busy/2 {
		t.Errorf("after a second without load %d %%, before %d %%, want a little less", short, busy)
	}
	for range 30 {
		c.allocated(0, time.Second)
	}
	if long := percent(); long != 50 {
		t.Errorf("after half a minute without load %d %%, want 50 %%", long)
	}
	c.allocated(100<<20, time.Second)
	if again := percent(); again != busy {
		t.Errorf("under load again %d %%, want %d %% at once", again, busy)
	}
}

func TestTheEnvironmentHasPrecedenceOverTheCollectorsSettings(t *testing.T) {
	restoreCollector(t)
	for _, at := range []struct {
		gogc, memory string
		percent      int
		limit        int64
	}{
		{"", "", 50, 8 << 30 / 5 * 4},
		{"70", "", 100, 8 << 30 / 5 * 4},
		{"", "3GiB", 50, math.MaxInt64},
		{"70", "3GiB", 100, math.MaxInt64},
	} {
		debug.SetGCPercent(100) // stands for what the runtime took from the environment itself
		debug.SetMemoryLimit(math.MaxInt64)
		t.Setenv("GOGC", at.gogc)
		t.Setenv("GOMEMLIMIT", at.memory)
		newCollector(8<<30, func() uint64 { return 0 }).adjust(16<<20, 0)
		if percent, limit := told(); percent != at.percent || limit != at.limit {
			t.Errorf("GOGC=%q, GOMEMLIMIT=%q: %d %%, %d, want %d %%, %d", at.gogc, at.memory, percent, limit, at.percent, at.limit)
		}
	}
}

func TestTheCollectorIsToldOnlyWhatMakesADifference(t *testing.T) {
	restoreCollector(t)
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	c := newCollector(8<<30, func() uint64 { return 0 })
	c.adjust(16<<20, 0)
	debug.SetGCPercent(123)
	c.adjust(16<<20+100, 0)
	if percent, _ := told(); percent != 123 {
		t.Errorf("told %d %% anew for a heap that has hardly grown", percent)
	}
	c.adjust(32<<20, 0)
	if percent, _ := told(); percent != 25 {
		t.Errorf("for twice the heap: %d %%, want a quarter", percent)
	}
}

// TestAfterABurstWhatIsGarbageIsCollectedAtOnce holds that a heap above its new goal does not wait for allocations that may never come.
func TestAfterABurstWhatIsGarbageIsCollectedAtOnce(t *testing.T) {
	restoreCollector(t)
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	c := newCollector(8<<30, func() uint64 { return 0 })
	collections := func(heap uint64) uint32 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c.adjust(16<<20, heap)
		runtime.ReadMemStats(&after)
		return after.NumForcedGC - before.NumForcedGC
	}
	c.rate = 100 << 20
	if n := collections(60 << 20); n != 0 {
		t.Errorf("%d collections under load, below the goal; want none", n)
	}
	c.rate = 0
	if n := collections(60 << 20); n != 1 {
		t.Errorf("%d collections when the load has ended, with 60 MiB of which 16 are live; want one", n)
	}
	if n := collections(60 << 20); n != 0 {
		t.Errorf("%d more collections without another goal, want none", n)
	}
}

func TestWhatLiesBesideTheHeapIsSeen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux says it")
	}
	const size = 64 << 20
	before := besideHeap()
	slab, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(slab) }()
	for i := 0; i < size; i += 4096 {
		slab[i] = 1
	}
	if grown := int64(besideHeap()) - int64(before); grown < size*3/4 || grown > size*5/4 {
		t.Errorf("64 MiB outside of the heap show as %d bytes", grown)
	}
}
