package slab

import "slices"

// Handles gives what is stored in an arena numbers that stay while it moves. All of it can be captured in microseconds: a page of
// the table is copied at the first change after a capture.
type Handles struct {
	arena *Arena
	pages pages[Loc]
	epoch []uint32 // of each page: the capture after which it is ours alone
	now   uint32   // the last capture
	pins  int      // captures not yet released
	free  []uint32
	next  uint32 // never given yet; 0 is no handle
	live  int

	gathered uint32 // the last one that Gather looked at
}

// NewHandles returns an empty table.
func NewHandles(a *Arena) *Handles { return &Handles{arena: a, pages: newPages[Loc](a), next: 1} }

// Len is how many handles are given.
func (h *Handles) Len() int { return h.live }

// Get returns what is stored under a handle.
func (h *Handles) Get(n uint32) []byte { return h.arena.Bytes(*h.pages.at(n)) }

// Add stores content under a new handle.
func (h *Handles) Add(content []byte) uint32 {
	n := h.next
	if last := len(h.free) - 1; last >= 0 {
		n, h.free = h.free[last], h.free[:last]
	} else {
		h.next++
		h.pages.grow(int(n) + 1)
	}
	h.live++
	*h.own(n) = h.arena.Put(content)
	return n
}

// Set stores other content under a handle.
func (h *Handles) Set(n uint32, content []byte) {
	at := h.own(n)
	h.arena.Free(*at)
	*at = h.arena.Put(content)
}

// InPlace returns what is stored under a handle, to be written over there. may is false while a capture could read it.
func (h *Handles) InPlace(n uint32) (content []byte, may bool) {
	if h.arena.pins > 0 {
		return nil, false
	}
	return h.Get(n), true
}

// Remove forgets a handle, and may give it again at once.
func (h *Handles) Remove(n uint32) {
	at := h.own(n)
	h.arena.Free(*at)
	*at = 0
	h.free = append(h.free, n)
	h.live--
}

// own returns a handle's place, on a page that no capture shares.
func (h *Handles) own(n uint32) *Loc {
	number := int(n) / h.pages.per
	for len(h.epoch) <= number {
		h.epoch = append(h.epoch, h.now)
	}
	if h.pins > 0 && h.epoch[number] < h.now {
		l, b := h.arena.alloc(len(h.pages.list[number]) * sizeOfType[Loc]())
		page := Cast[Loc](b)
		copy(page, h.pages.list[number])
		h.arena.Free(h.pages.locs[number])
		h.pages.list[number], h.pages.locs[number] = page, l
	}
	h.epoch[number] = h.now
	return h.pages.at(n)
}

// All calls f with every handle, until it returns false.
func (h *Handles) All(f func(n uint32) bool) {
	for n := uint32(1); n < h.next; n++ {
		if *h.pages.at(n) != 0 && !f(n) {
			return
		}
	}
}

// Frozen is a captured table.
type Frozen struct {
	pages [][]Loc
	view  View
	live  int
}

// Capture freezes the present content; the arena stays pinned until Release. What it returns may be read beside the owner.
func (h *Handles) Capture() *Frozen {
	h.now++
	h.pins++
	return &Frozen{pages: slices.Clone(h.pages.list), view: h.arena.Pin(), live: h.live}
}

// Release ends a capture.
func (h *Handles) Release() {
	h.pins--
	h.arena.Unpin()
}

// Len is how many pieces were captured.
func (f *Frozen) Len() int { return f.live }

// All calls fn with each captured piece.
func (f *Frozen) All(fn func(content []byte)) {
	for _, page := range f.pages {
		for _, l := range page {
			if l != 0 {
				fn(f.view.Bytes(l))
			}
		}
	}
}
