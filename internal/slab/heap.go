package slab

// Heap orders references by a number, and by before where the numbers are equal. Several heaps may share the Places of their
// references, as long as each reference is in one of them at most. A node has four children, whose numbers lie side by side.
type Heap struct {
	at     pages[int64]
	refs   pages[uint32]
	count  uint32
	places *Places
	before func(a, b uint32) bool
}

// Places says where in its heap each reference is.
type Places struct{ of pages[uint32] }

// NewPlaces returns places for heaps.
func NewPlaces(a *Arena) *Places { return &Places{newPages[uint32](a)} }

// NewHeap returns an empty heap.
func NewHeap(a *Arena, places *Places, before func(a, b uint32) bool) *Heap {
	return &Heap{at: newPages[int64](a), refs: newPages[uint32](a), places: places, before: before}
}

// Len is how many references the heap holds.
func (h *Heap) Len() int { return int(h.count) }

// Min returns the first in order.
func (h *Heap) Min() (ref uint32, at int64, found bool) {
	if h.count == 0 {
		return 0, 0, false
	}
	return *h.refs.at(0), *h.at.at(0), true
}

// Add puts a reference into the heap.
func (h *Heap) Add(ref uint32, at int64) {
	i := h.count
	h.count++
	h.at.grow(int(h.count))
	h.refs.grow(int(h.count))
	h.places.of.grow(int(ref) + 1)
	h.up(i, ref, at)
}

// Set gives a reference of the heap another number, or the same where what before says of it has changed.
func (h *Heap) Set(ref uint32, at int64) { h.settle(*h.places.of.at(ref), ref, at) }

// settle puts a reference where it belongs, from a place that is free on.
func (h *Heap) settle(i, ref uint32, at int64) {
	if parent := (i - 1) / 4; i > 0 && h.less(at, ref, *h.at.at(parent), *h.refs.at(parent)) {
		h.up(i, ref, at)
	} else {
		h.down(i, ref, at)
	}
}

// Remove takes a reference of the heap away.
func (h *Heap) Remove(ref uint32) {
	i := *h.places.of.at(ref)
	h.count--
	if i == h.count {
		return
	}
	h.settle(i, *h.refs.at(h.count), *h.at.at(h.count))
}

func (h *Heap) less(at int64, ref uint32, otherAt int64, other uint32) bool {
	return at < otherAt || at == otherAt && h.before(ref, other)
}

func (h *Heap) place(i, ref uint32, at int64) {
	*h.at.at(i), *h.refs.at(i), *h.places.of.at(ref) = at, ref, i
}

func (h *Heap) up(i, ref uint32, at int64) {
	for i > 0 {
		parent := (i - 1) / 4
		parentAt, parentRef := *h.at.at(parent), *h.refs.at(parent)
		if !h.less(at, ref, parentAt, parentRef) {
			break
		}
		h.place(i, parentRef, parentAt)
		i = parent
	}
	h.place(i, ref, at)
}

func (h *Heap) down(i, ref uint32, at int64) {
	for {
		first := 4*i + 1
		if first >= h.count {
			break
		}
		best, bestAt := first, *h.at.at(first)
		for child := first + 1; child < min(first+4, h.count); child++ {
			if childAt := *h.at.at(child); childAt < bestAt || childAt == bestAt && h.before(*h.refs.at(child), *h.refs.at(best)) {
				best, bestAt = child, childAt
			}
		}
		bestRef := *h.refs.at(best)
		if !h.less(bestAt, bestRef, at, ref) {
			break
		}
		h.place(i, bestRef, bestAt)
		i = best
	}
	h.place(i, ref, at)
}
