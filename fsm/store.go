package fsm

import (
	"cmp"
	"slices"

	"github.com/sessnode/sessnode"
)

// subjectKey names a signed-in user within an app.
type subjectKey struct {
	app     uint32
	subject string
}

// insert puts a sealed-to-be record into its slot and all indexes.
func (m *Machine) insert(s slot, r *record) {
	r.seal(s)
	m.sessions.put(s, r)
	m.byID[r.id] = s
	m.hash = m.hash.plus(r.sum)
	m.deadlines.ReplaceOrInsert(due{r.deadline, s})
	m.creation.ReplaceOrInsert(numbered{r.serial, s})
	a := m.apps[s.app]
	a.sessions++
	a.bytes += r.cost()
	m.bytes += r.cost()
	if r.serial <= a.revokedTo {
		a.dying++
	}
	if r.anonymous() {
		a.anonymous++
		m.anonymous.ReplaceOrInsert(due{r.deadline, s})
		return
	}
	k := subjectKey{s.app, r.subject}
	list := m.subjects[k]
	i, _ := slices.BinarySearchFunc(list, r.serial, bySerial)
	m.subjects[k] = slices.Insert(list, i, numbered{r.serial, s})
}

// take removes a record from its slot and all indexes. What becomes of it is the caller's.
func (m *Machine) take(s slot, r *record) {
	m.sessions.remove(s)
	delete(m.byID, r.id)
	m.hash = m.hash.minus(r.sum)
	m.deadlines.Delete(due{r.deadline, s})
	m.creation.Delete(numbered{r.serial, s})
	a := m.apps[s.app]
	a.sessions--
	a.bytes -= r.cost()
	m.bytes -= r.cost()
	if r.serial <= a.revokedTo {
		a.dying--
	}
	if r.anonymous() {
		a.anonymous--
		m.anonymous.Delete(due{r.deadline, s})
		return
	}
	k := subjectKey{s.app, r.subject}
	list := m.subjects[k]
	if i, found := slices.BinarySearchFunc(list, r.serial, bySerial); found {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) == 0 {
		delete(m.subjects, k)
	} else {
		m.subjects[k] = list
	}
}

func bySerial(n numbered, serial uint64) int { return cmp.Compare(n.serial, serial) }

// update replaces a record in its slot. The common case, a change that moves neither subject nor serial, leaves most indexes
// alone.
func (m *Machine) update(s slot, old, r *record) {
	if old.subject != r.subject {
		m.take(s, old)
		m.insert(s, r)
		return
	}
	r.seal(s)
	m.sessions.put(s, r)
	m.hash = m.hash.minus(old.sum).plus(r.sum)
	a := m.apps[s.app]
	a.bytes += r.cost() - old.cost()
	m.bytes += r.cost() - old.cost()
	if old.deadline == r.deadline {
		return
	}
	m.deadlines.Delete(due{old.deadline, s})
	m.deadlines.ReplaceOrInsert(due{r.deadline, s})
	if r.anonymous() {
		m.anonymous.Delete(due{old.deadline, s})
		m.anonymous.ReplaceOrInsert(due{r.deadline, s})
	}
}

// bury puts a tombstone into a slot, in place of an older one.
func (m *Machine) bury(s slot, t *tombstone) {
	if old, found := m.tombstones.get(s); found {
		m.unbury(s, old)
	}
	t.seal(s)
	m.tombstones.put(s, t)
	m.hash = m.hash.plus(t.sum)
	m.bytes += t.cost()
	m.forgetting.ReplaceOrInsert(due{t.until, s})
	if t.reason == sessnode.ReasonRotated || t.id.IsZero() {
		return
	}
	m.endedByID[t.id] = s
	if t.subject != "" {
		k := subjectKey{s.app, t.subject}
		m.endedOf[k] = append(m.endedOf[k], s)
	}
}

func (m *Machine) unbury(s slot, t *tombstone) {
	m.tombstones.remove(s)
	m.hash = m.hash.minus(t.sum)
	m.bytes -= t.cost()
	m.forgetting.Delete(due{t.until, s})
	if m.endedByID[t.id] == s {
		delete(m.endedByID, t.id)
	}
	k := subjectKey{s.app, t.subject}
	list, found := m.endedOf[k]
	if !found {
		return
	}
	if i := slices.Index(list, s); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) == 0 {
		delete(m.endedOf, k)
	} else {
		m.endedOf[k] = list
	}
}

// end ends a live session now.
func (m *Machine) end(s slot, r *record, reason, actor, node string) {
	m.close(s, r, tombstone{id: r.id, subject: r.subject, reason: reason, actor: actor, node: node, at: m.now, index: m.index})
}

// close takes a session away and leaves tombstones on all its tokens.
func (m *Machine) close(s slot, r *record, t tombstone) {
	m.take(s, r)
	t.until = m.now + int64(m.apps[s.app].policy.TombstoneTime)
	m.bury(s, &t)
	for _, k := range r.previous {
		p := slot{s.app, k}
		if old, found := m.tombstones.get(p); found && old.id == r.id {
			ended := t
			ended.id, ended.subject = sessnode.ID{}, "" // the session's own tombstone answers for it
			m.bury(p, &ended)
		}
	}
	e := event{kind: sessnode.EventRevoked, app: s.app, id: r.id, at: t.at, subject: r.subject, reason: t.reason, actor: t.actor, node: t.node}
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
