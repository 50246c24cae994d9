package slab

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapped returns n bytes of zeroes outside of the Go heap, aligned to a region; they take memory only once they are written.
func mapped(n int) []byte {
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(n+regionBytes), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		panic("slab: out of memory: " + err.Error()) // as the Go heap does
	}
	before := -uintptr(p) & (regionBytes - 1)
	if before > 0 {
		_ = unix.MunmapPtr(p, before)
	}
	start := unsafe.Add(p, before)
	_ = unix.MunmapPtr(unsafe.Add(start, n), regionBytes-before) // at least a page of it is left over
	return unsafe.Slice((*byte)(start), n)
}

func unmapped(b []byte) { _ = unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b))) }

// discard gives the memory under b back to the system; it reads as zeroes, or as before, from then on.
func discard(b []byte) { _ = unix.Madvise(b, unix.MADV_DONTNEED) }

// huge says whether the system may use huge pages for b. It may not where a part was discarded: it would fill that up again.
func huge(b []byte, may bool) {
	advice := unix.MADV_NOHUGEPAGE
	if may {
		advice = unix.MADV_HUGEPAGE
	}
	_ = unix.Madvise(b, advice) // a kernel without huge pages refuses, and that is well
}
