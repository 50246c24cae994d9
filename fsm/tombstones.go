package fsm

import (
	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/slab"
)

// tombstones are all that are stored, and how they are found. Those of ended sessions are found by id and subject too.
type tombstones struct {
	*slab.Handles
	hasher    slab.Hasher
	byKey     *slab.Index
	byID      *slab.Index
	bySubject *slab.Index // one of each
	rings     *slab.Lists // of a subject's
	due       *slab.Heap  // by when they are forgotten, then by slot
}

func newTombstones(a *slab.Arena) *tombstones {
	h := slab.NewHandles(a)
	return &tombstones{Handles: h, hasher: slab.NewHasher(), byKey: slab.NewIndex(a), byID: slab.NewIndex(a), bySubject: slab.NewIndex(a),
		rings: slab.NewLists(a),
		due:   slab.NewHeap(a, slab.NewPlaces(a), func(x, y uint32) bool { return compareSlots(h.Get(x), h.Get(y)) < 0 })}
}

// answers reports whether a tombstone is the one that answers for a session that ended.
func (t *tombstone) answers() bool { return t.reason != sessnode.ReasonRotated && !t.id.IsZero() }

func (t *tombstones) stored(handle uint32) (s tombstone) {
	s.take(t.Get(handle))
	s.handle = handle
	return s
}

func (t *tombstones) subject(app uint32, subject string) (handle uint32, found bool) {
	return t.bySubject.Find(t.hasher.Text(app, subject), func(h uint32) bool {
		s := t.stored(h)
		return s.app == app && s.subject == subject
	})
}

// add stores a tombstone, which has no handle yet.
func (t *tombstones) add(s *tombstone) {
	s.handle = t.Add(s.raw)
	s.raw = t.Get(s.handle)
	t.byKey.Add(t.hasher.Bytes(s.app, s.key[:]), s.handle)
	t.due.Add(s.handle, s.until)
	if !s.answers() {
		return
	}
	t.byID.Add(t.hasher.Bytes(0, s.id[:]), s.handle)
	if s.subject == "" {
		return
	}
	if other, found := t.subject(s.app, s.subject); found {
		t.rings.InsertAfter(other, s.handle)
		return
	}
	t.bySubject.Add(t.hasher.Text(s.app, s.subject), s.handle)
	t.rings.Start(s.handle)
}

func (t *tombstones) remove(s *tombstone) {
	t.byKey.Remove(t.hasher.Bytes(s.app, s.key[:]), s.handle)
	t.due.Remove(s.handle)
	if s.answers() {
		t.byID.Remove(t.hasher.Bytes(0, s.id[:]), s.handle)
	}
	if s.answers() && s.subject != "" {
		hash, next := t.hasher.Text(s.app, s.subject), t.rings.Next(s.handle)
		if t.bySubject.Remove(hash, s.handle) && next != s.handle {
			t.bySubject.Add(hash, next)
		}
		t.rings.Remove(s.handle)
	}
	t.Handles.Remove(s.handle)
}

// tombstone returns what is stored in a slot.
func (m *Machine) tombstone(s slot) (tombstone, bool) {
	t := m.tombstones
	h, found := t.byKey.Find(t.hasher.Bytes(s.app, s.key[:]), func(h uint32) bool { return s.isAt(t.Get(h)) })
	if !found {
		return tombstone{}, false
	}
	return t.stored(h), true
}

// endedOf returns the tombstone that answers for an id.
func (m *Machine) endedOf(id sessnode.ID) (tombstone, bool) {
	t := m.tombstones
	h, found := t.byID.Find(t.hasher.Bytes(0, id[:]), func(h uint32) bool { return hasID(t.Get(h), &id) })
	if !found {
		return tombstone{}, false
	}
	return t.stored(h), true
}

// endedOfSubject calls f with the tombstones of a subject's sessions, in no order.
func (m *Machine) endedOfSubject(app uint32, subject string, f func(t *tombstone)) {
	t := m.tombstones
	first, found := t.subject(app, subject)
	for h := first; found; {
		s := t.stored(h)
		f(&s)
		if h = t.rings.Next(h); h == first {
			return
		}
	}
}
