package fsm

import "github.com/sessnode/sessnode"

// insert stores a session and puts it into all indexes.
func (m *Machine) insert(r *record) {
	m.buf = r.put(m.buf[:0])
	r.raw = m.buf
	m.store(r)
	if !r.anonymous() {
		m.sessions.bind(r)
	}
}

// store is insert, of a session whose stored form is known already, but for its subject's list.
func (m *Machine) store(r *record) {
	t := m.sessions
	m.hash = m.hash.plus(hashOf(kindSession, r.raw))
	r.handle = t.Add(r.raw)
	r.raw = t.Get(r.handle)
	t.byKey.Add(t.keyHash(&r.slot), r.handle)
	t.byID.Add(t.idHash(&r.id), r.handle)
	t.due.add(r)
	a := m.apps[r.app]
	a.creation.Add(r.serial, r.handle)
	a.sessions++
	a.bytes += r.cost()
	m.bytes += r.cost()
	if r.serial <= a.revokedTo {
		a.dying++
	}
	if r.anonymous() {
		a.anonymous++
	}
}

// take removes a session from where it is stored and all indexes. What becomes of it is the caller's.
func (m *Machine) take(r *record) {
	t := m.sessions
	t.byKey.Remove(t.keyHash(&r.slot), r.handle)
	t.byID.Remove(t.idHash(&r.id), r.handle)
	t.due.remove(r)
	a := m.apps[r.app]
	a.creation.Remove(r.serial)
	a.sessions--
	a.bytes -= r.cost()
	m.bytes -= r.cost()
	if r.serial <= a.revokedTo {
		a.dying--
	}
	if r.anonymous() {
		a.anonymous--
	} else {
		t.unbind(r)
	}
	m.hash = m.hash.minus(hashOf(kindSession, r.raw))
	t.Remove(r.handle)
}

// update stores a changed session in place of what it was. The common case, a change that moves neither subject nor slot, leaves
// most indexes alone.
func (m *Machine) update(old, r *record) {
	if old.subject != r.subject {
		m.take(old)
		m.insert(r)
		return
	}
	m.buf = r.put(m.buf[:0])
	m.hash = m.hash.minus(hashOf(kindSession, old.raw)).plus(hashOf(kindSession, m.buf))
	m.sessions.Set(r.handle, m.buf)
	r.raw = m.sessions.Get(r.handle)
	a := m.apps[r.app]
	a.bytes += r.cost() - old.cost()
	m.bytes += r.cost() - old.cost()
	if old.deadline != r.deadline {
		m.sessions.due.move(r, old.deadline)
	}
}

// touchInPlace is update where nothing but the times of a session has changed: they are written over the old ones, which old.raw no longer has then.
// It does nothing, and reports so, where they take more room or less, where a token was used for the first time, or while a snapshot may read the
// old ones.
func (m *Machine) touchInPlace(old, r *record) bool {
	if old.unused != r.unused {
		return false
	}
	if old.touched == r.touched && old.deadline == r.deadline {
		return true
	}
	raw, may := m.sessions.InPlace(r.handle)
	if !may {
		return false
	}
	t := timesOf(raw)
	if m.buf = r.putTimes(m.buf[:0]); len(m.buf) != t.to-t.from {
		return false
	}
	m.hash = m.hash.minus(hashOf(kindSession, raw))
	copy(raw[t.from:], m.buf)
	m.hash = m.hash.plus(hashOf(kindSession, raw))
	if old.deadline != r.deadline {
		m.sessions.due.move(r, old.deadline)
	}
	return true
}

// bury puts a tombstone into its slot, in place of an older one.
func (m *Machine) bury(t *tombstone) {
	if old, found := m.tombstone(t.slot); found {
		m.unbury(&old)
	}
	m.buf = t.put(m.buf[:0])
	t.raw = m.buf
	m.hash = m.hash.plus(hashOf(kindTombstone, t.raw))
	m.bytes += t.cost()
	m.tombstones.add(t)
}

func (m *Machine) unbury(t *tombstone) {
	m.hash = m.hash.minus(hashOf(kindTombstone, t.raw))
	m.bytes -= t.cost()
	m.tombstones.remove(t)
}

// end ends a live session now.
func (m *Machine) end(r *record, reason, actor, node string) {
	m.close(r, tombstone{slot: r.slot, id: r.id, subject: r.subject, reason: reason, actor: actor, node: node, at: m.now, index: m.index})
}

// close takes a session away and leaves tombstones on all its tokens.
func (m *Machine) close(r *record, t tombstone) {
	m.take(r)
	t.until = m.now + int64(m.apps[r.app].policy.TombstoneTime)
	m.bury(&t)
	for _, k := range r.previous {
		if old, found := m.tombstone(slot{r.app, k}); found && old.id == r.id {
			ended := t
			ended.key, ended.id, ended.subject = k, sessnode.ID{}, "" // the session's own tombstone answers for it
			m.bury(&ended)
		}
	}
	e := event{kind: sessnode.EventRevoked, app: r.app, id: r.id, at: t.at, subject: r.subject, reason: t.reason, actor: t.actor, node: t.node}
	if t.reason == sessnode.ReasonExpired {
		e.kind = sessnode.EventExpired
	}
	m.happened(e)
	switch t.reason {
	case sessnode.ReasonExpired:
		m.stats.Expired++
	case sessnode.ReasonEvicted:
		m.stats.Evicted++
	case sessnode.ReasonRevoked:
		m.stats.Revoked++
	}
}
