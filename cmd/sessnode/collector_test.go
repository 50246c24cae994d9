package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"

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

func TestASmallHeapIsCollectedSeldomAndALargeOneAsGoDoes(t *testing.T) {
	c := &collector{memory: 8 << 30}
	for _, at := range []struct {
		live, beside   uint64
		percent, limit int64
	}{
		{0, 0, mostPercent, 8 << 30 / 5 * 4},
		{16 << 20, 0, 400, 8 << 30 / 5 * 4},
		{1 << 30, 0, leastPercent, 8 << 30 / 5 * 4},
		{16 << 20, 4 << 30, 400, 8<<30/5*4 - 4<<30},
		{16 << 20, 9 << 30, 400, leastHeap},
	} {
		if percent, limit := c.choose(at.live, at.beside); percent != at.percent || limit != at.limit {
			t.Errorf("with %d live and %d beside: %d %%, %d, want %d %%, %d", at.live, at.beside, percent, limit, at.percent, at.limit)
		}
	}
	small := &collector{memory: 200 << 20}
	if percent, limit := small.choose(16<<20, 190<<20); percent != leastPercent || limit != 100<<20 {
		t.Errorf("in 200 MiB: %d %%, %d, want %d %%, half of it: there is no room for more", percent, limit, leastPercent)
	}
}

func TestTheEnvironmentHasPrecedenceOverTheCollectorsSettings(t *testing.T) {
	restoreCollector(t)
	for _, at := range []struct {
		gogc, memory string
		percent      int
		limit        int64
	}{
		{"", "", 400, 8 << 30 / 5 * 4},
		{"70", "", 100, 8 << 30 / 5 * 4},
		{"", "3GiB", 400, math.MaxInt64},
		{"70", "3GiB", 100, math.MaxInt64},
	} {
		debug.SetGCPercent(100) // stands for what the runtime took from the environment itself
		debug.SetMemoryLimit(math.MaxInt64)
		t.Setenv("GOGC", at.gogc)
		t.Setenv("GOMEMLIMIT", at.memory)
		newCollector(8<<30, func() uint64 { return 0 }).adjust(16 << 20)
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
	c.adjust(16 << 20)
	debug.SetGCPercent(123)
	c.adjust(16<<20 + 100)
	if percent, _ := told(); percent != 123 {
		t.Errorf("told %d %% anew for a heap that has hardly grown", percent)
	}
	c.adjust(32 << 20)
	if percent, _ := told(); percent != 200 {
		t.Errorf("for twice the heap: %d %%, want 200 %%", percent)
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
