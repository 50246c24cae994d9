package fsm

import (
	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/slab"
)

// sessions are all that are stored, and how they are found. Their order in time is in deadlines, that of creation with their app.
type sessions struct {
	*slab.Handles
	hasher    slab.Hasher
	byKey     *slab.Index
	byID      *slab.Index
	bySubject *slab.Index // the oldest session of each
	rings     *slab.Lists // of a subject's sessions, oldest first
	due       *deadlines
}

func newSessions(a *slab.Arena) *sessions {
	h := slab.NewHandles(a)
	return &sessions{Handles: h, hasher: slab.NewHasher(), byKey: slab.NewIndex(a), byID: slab.NewIndex(a), bySubject: slab.NewIndex(a),
		rings: slab.NewLists(a), due: newDeadlines(a, func(x, y uint32) bool { return serialOf(h.Get(x)) < serialOf(h.Get(y)) },
			func(ref uint32) int64 { return timesOf(h.Get(ref)).deadline })}
}

func (t *sessions) keyHash(s *slot) uint64               { return t.hasher.Bytes(s.app, s.key[:]) }
func (t *sessions) idHash(id *sessnode.ID) uint64        { return t.hasher.Bytes(0, id[:]) }
func (t *sessions) of(app uint32, subject string) uint64 { return t.hasher.Text(app, subject) }

// at finds the session of a slot.
func (t *sessions) at(s *slot) (handle uint32, found bool) {
	return t.byKey.Find(t.keyHash(s), func(h uint32) bool { return s.isAt(t.Get(h)) })
}

// named finds a session by its id.
func (t *sessions) named(id *sessnode.ID) (handle uint32, found bool) {
	return t.byID.Find(t.idHash(id), func(h uint32) bool { return hasID(t.Get(h), id) })
}

// oldest finds the oldest session of a subject.
func (t *sessions) oldest(app uint32, subject string) (handle uint32, found bool) {
	return t.bySubject.Find(t.of(app, subject), func(h uint32) bool {
		raw := t.Get(h)
		return appOf(raw) == app && subjectOf(raw) == subject
	})
}

// ofSubject lists the sessions of a subject in order of creation.
func (t *sessions) ofSubject(app uint32, subject string) (list []uint32) {
	first, found := t.oldest(app, subject)
	if !found {
		return nil
	}
	for h := first; ; {
		list = append(list, h)
		if h = t.rings.Next(h); h == first {
			return list
		}
	}
}

// bind puts a session into its subject's list.
func (t *sessions) bind(r *record) {
	first, found := t.oldest(r.app, r.subject)
	if !found {
		t.bySubject.Add(t.of(r.app, r.subject), r.handle)
		t.rings.Start(r.handle)
		return
	}
	behind := t.rings.Prev(first)
	for serialOf(t.Get(behind)) > r.serial {
		if behind = t.rings.Prev(behind); behind == t.rings.Prev(first) { // it is older than all
			t.bySubject.Move(t.of(r.app, r.subject), first, r.handle)
			break
		}
	}
	t.rings.InsertAfter(behind, r.handle)
}

// unbind takes a session out of its subject's list.
func (t *sessions) unbind(r *record) {
	hash, next := t.of(r.app, r.subject), t.rings.Next(r.handle)
	switch first, _ := t.oldest(r.app, r.subject); {
	case next == r.handle:
		t.bySubject.Remove(hash, r.handle)
	case first == r.handle:
		t.bySubject.Move(hash, r.handle, next)
	}
	t.rings.Remove(r.handle)
}

// stored takes a session apart.
func (t *sessions) stored(handle uint32) (r record) {
	r.take(t.Get(handle))
	r.handle = handle
	return r
}

// session returns what is stored in a slot.
func (m *Machine) session(s slot) (r record, found bool) {
	if h, found := m.sessions.at(&s); found {
		return m.sessions.stored(h), true
	}
	return record{}, false
}

// sessionOf returns the session of an id.
func (m *Machine) sessionOf(id sessnode.ID) (r record, found bool) {
	if h, found := m.sessions.named(&id); found {
		return m.sessions.stored(h), true
	}
	return record{}, false
}
