//go:build !unix

package slab

// Elsewhere the memory comes from the Go heap: as bytes, which the collector counts but does not walk.

func mapped(n int) []byte { return make([]byte, n) }

func unmapped([]byte) {}

func discard([]byte) {}

func huge([]byte, bool) {}
