package slab

import "unsafe"

// Text returns bytes as a string that shares their memory: it must not outlive what it is of.
func Text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Cast returns bytes as elements that hold no pointers and need no alignment beyond that of b.
func Cast[T any](b []byte) []T {
	var t T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(t)))
}

func sizeOfType[T any]() int {
	var t T
	return int(unsafe.Sizeof(t))
}
