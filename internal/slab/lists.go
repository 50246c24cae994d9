package slab

// Lists are rings of references, doubly linked: each reference is in one ring at most.
type Lists struct{ links pages[link] }

type link struct{ next, prev uint32 }

// NewLists returns no rings.
func NewLists(a *Arena) *Lists { return &Lists{newPages[link](a)} }

// Start makes a ring of one.
func (l *Lists) Start(ref uint32) {
	l.links.grow(int(ref) + 1)
	*l.links.at(ref) = link{ref, ref}
}

// InsertAfter puts a reference behind one that is in a ring.
func (l *Lists) InsertAfter(behind, ref uint32) {
	l.links.grow(int(ref) + 1)
	next := l.links.at(behind).next
	*l.links.at(ref) = link{next, behind}
	l.links.at(behind).next = ref
	l.links.at(next).prev = ref
}

// Next returns the following one, after the last the first.
func (l *Lists) Next(ref uint32) uint32 { return l.links.at(ref).next }

// Prev returns the one before, before the first the last.
func (l *Lists) Prev(ref uint32) uint32 { return l.links.at(ref).prev }

// Remove takes a reference out of its ring.
func (l *Lists) Remove(ref uint32) {
	at := *l.links.at(ref)
	l.links.at(at.prev).next = at.next
	l.links.at(at.next).prev = at.prev
}
