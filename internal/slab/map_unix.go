//go:build unix && !linux

package slab

import "golang.org/x/sys/unix"

// mapped returns n bytes of zeroes outside of the Go heap; they take memory only once they are written.
func mapped(n int) []byte {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		panic("slab: out of memory: " + err.Error()) // as the Go heap does
	}
	return b
}

func unmapped(b []byte) { _ = unix.Munmap(b) }

// discard gives the memory under b back to the system; it reads as zeroes, or as before, from then on.
func discard(b []byte) { _ = unix.Madvise(b, unix.MADV_DONTNEED) }

func huge([]byte, bool) {}
