package fsm

import "github.com/sessnode/sessnode"

// aheadOps is how many operations are looked ahead of at once: enough for the memory to be kept busy, few enough for what was read
// to be still in the caches when it is needed.
const aheadOps = 32

// ahead is what is known of the operations to come. Nearly everything that an operation looks for in a large store is in no cache. One
// after the other an operation would wait for memory a dozen times; read ahead for several operations, those waits overlap.
type ahead struct {
	keys [aheadOps]opKey
	sink uint64 // keeps what is read from being optimized away
}

// lookAhead reads the places in the indexes at which the operations will look. It changes nothing.
func (m *Machine) lookAhead(ops []Op) {
	var a *app
	sum := uint64(0)
	for i := range ops {
		op := &ops[i]
		if !op.OpID.IsZero() {
			k := opKeyOf(op)
			m.ahead.keys[i] = k
			sum += m.window.byKey.Ahead(m.window.hasher.Bytes(0, k[:]))
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
		sum += m.sessions.byKey.Ahead(m.sessions.keyHash(&s))
		if c, isCreate := op.Change.(sessnode.Create); isCreate {
			sum += m.aheadOfCreate(a, &s, &c)
		}
	}
	m.ahead.sink += sum
}

func (m *Machine) aheadOfCreate(a *app, s *slot, c *sessnode.Create) uint64 {
	t := m.tombstones
	sum := m.sessions.byID.Ahead(m.sessions.idHash(&c.ID))
	sum += t.byKey.Ahead(t.hasher.Bytes(s.app, s.key[:])) + t.byID.Ahead(t.hasher.Bytes(0, c.ID[:]))
	if c.Subject != "" {
		sum += m.sessions.bySubject.Ahead(m.sessions.of(a.number, c.Subject))
	}
	return sum
}
