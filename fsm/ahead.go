package fsm

import (
	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/slab"
)

// aheadOps is how many operations are looked ahead of at once: enough for the memory to be kept busy, few enough for what was read
// to be still in the caches when it is needed.
const aheadOps = 32

// ahead is what is known of the operations to come. Nearly everything that an operation looks for in a large store is in no cache. One
// after the other an operation would wait for memory a dozen times; read ahead for several operations, those waits overlap.
type ahead struct {
	keys   [aheadOps]opKey
	places slab.Ahead
}

// lookAhead reads the places in the indexes at which the operations will look, and the beginnings of the sessions that they will find. It changes nothing.
func (m *Machine) lookAhead(ops []Op) {
	var a *app
	t := m.sessions
	for i := range ops {
		op := &ops[i]
		if !op.OpID.IsZero() {
			k := opKeyOf(op)
			m.ahead.keys[i] = k
			m.ahead.places.Note(m.window.byKey, m.window.hasher.Bytes(0, k[:]), nil)
		}
		if a == nil || a.name != op.App {
			if a = m.appByName[op.App]; a == nil {
				continue
			}
		}
		key := keyOf(op.Change)
		if key.IsZero() {
			continue
		}
		s := slot{a.number, key}
		m.ahead.places.Note(t.byKey, t.keyHash(&s), t.Handles)
		if c, isCreate := op.Change.(sessnode.Create); isCreate {
			m.aheadOfCreate(a, &s, &c)
		}
	}
	m.ahead.places.Read()
}

func (m *Machine) aheadOfCreate(a *app, s *slot, c *sessnode.Create) {
	t, dead, places := m.sessions, m.tombstones, &m.ahead.places
	places.Note(t.byID, t.idHash(&c.ID), nil)
	places.Note(dead.byKey, dead.hasher.Bytes(s.app, s.key[:]), nil)
	places.Note(dead.byID, dead.hasher.Bytes(0, c.ID[:]), nil)
	if c.Subject != "" {
		places.Note(t.bySubject, t.of(a.number, c.Subject), t.Handles)
	}
}
