package fsm

import (
	"slices"

	"github.com/sessnode/sessnode"
)

// cleanPerBatch bounds how many records one entry removes or gives a new deadline, so that no storm of expiries can hold up the
// log. Visibility never waits for it. The number is part of the rules of the log: all nodes must have the same.
//
// What Settle has not moved by then is moved by the entry, however much it is, because the order of removal depends on it: half a million
// took 0.6 s, where time had leapt by half an hour.
const cleanPerBatch = 1000

// clean carries out what is due, at most a fixed number of records, in an order that depends on the state alone: sessions by
// deadline, then ended apps and shorter policies by the app's number, then tombstones and remembered operations by age.
func (m *Machine) clean() {
	left := m.expire(cleanPerBatch)
	for i := 0; i < len(m.busy) && left > 0; {
		a := m.apps[m.busy[i]]
		left = m.resweep(a, m.purge(a, left))
		if a.dying == 0 && !a.sweeping() {
			m.busy = slices.Delete(m.busy, i, i+1)
		} else {
			i++
		}
	}
	for ; left > 0; left-- {
		h, at, found := m.tombstones.due.Min()
		if !found || at > m.now {
			break
		}
		t := m.tombstones.stored(h)
		m.unbury(&t)
	}
	m.forget(2 * MaxBatchOps) // cheap, and must keep up with a batch's worth of new ones
}

// expire turns sessions whose deadline has passed into tombstones.
func (m *Machine) expire(left int) int {
	for ; left > 0; left-- {
		h, found := m.sessions.due.first(m.now)
		if !found {
			break
		}
		r := m.sessions.stored(h)
		m.bye(&r)
	}
	return left
}

// bye ends a session that is dead already, with the reason that killed it.
func (m *Machine) bye(r *record) {
	t := m.remains(r)
	m.close(r, t)
	if t.reason == sessnode.ReasonRevoked {
		m.stats.Revoked-- // counted when it was revoked
	}
}

// remains is what a dead session leaves when it is removed: when and why it died, not when it was removed.
func (m *Machine) remains(r *record) tombstone {
	a := m.apps[r.app]
	t := tombstone{slot: r.slot, id: r.id, subject: r.subject}
	if r.serial <= a.revokedTo {
		t.reason, t.actor, t.node, t.at, t.index = sessnode.ReasonRevoked, a.revokedActor, a.revokedNode, a.revokedAt, a.revokedIndex
	} else {
		t.reason, t.actor, t.at, t.index = sessnode.ReasonExpired, "timeout", max(r.touched, m.effective(r)), m.index
	}
	return t
}

// markBusy notes that an app has sessions to purge or to give a new deadline.
func (m *Machine) markBusy(a *app) {
	if i, there := slices.BinarySearch(m.busy, a.number); !there && (a.dying > 0 || a.sweeping()) {
		m.busy = slices.Insert(m.busy, i, a.number)
	}
}

// purge removes sessions that RevokeApp ended, in order of creation.
func (m *Machine) purge(a *app, left int) int {
	for _, h := range m.oldestOf(a, 0, a.revokedTo, min(left, int(a.dying))) {
		r := m.sessions.stored(h)
		m.bye(&r)
		left--
	}
	return left
}

// resweep brings the stored deadlines of an app down to its shorter policy, in order of creation.
func (m *Machine) resweep(a *app, left int) int {
	if !a.sweeping() || left == 0 {
		return left
	}
	batch := m.oldestOf(a, a.sweepAt+1, a.sweepTo, left)
	reached := a.sweepTo
	if len(batch) == left {
		reached = serialOf(m.sessions.Get(batch[len(batch)-1]))
	}
	for _, h := range batch {
		r := m.sessions.stored(h)
		if d := deadlineOf(&r, &a.policy); d < r.deadline {
			c := r
			c.deadline = d
			m.update(&r, &c)
		}
	}
	m.changeApp(a, func() { a.sweepAt = reached })
	return left - len(batch)
}

// oldestOf lists an app's stored sessions with serials from one to another, oldest first.
func (m *Machine) oldestOf(a *app, from, to uint64, most int) (list []uint32) {
	if most == 0 {
		return nil
	}
	a.creation.From(from, func(serial uint64, handle uint32) bool {
		if serial > to || len(list) == most {
			return false
		}
		list = append(list, handle)
		return true
	})
	return list
}

// Due returns a cluster time, in ns, before which nothing becomes due (0 = nothing will), and whether something seems to be
// due already and to wait for the next entry: then the leader proposes one soon. After Settle it is exact up to the time that was settled.
func (m *Machine) Due() (next int64, backlog bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	soonest := func(at int64) {
		if next == 0 || at < next {
			next = at
		}
	}
	if at, found := m.sessions.due.next(); found {
		soonest(at)
	}
	if _, at, found := m.tombstones.due.Min(); found {
		soonest(at)
	}
	if at, found := m.oldestRemembered(); found {
		soonest(at + int64(sessnode.OpWindow))
	}
	return next, len(m.busy) > 0 || next != 0 && next <= m.now
}

// settleAtOnce is how many sessions Settle moves while nobody else gets at the state.
const settleAtOnce = 500

// Settle moves sessions whose deadlines were put off, and whose former ones are over by a cluster time (ns), to where they belong. The entry that
// has that time would do it otherwise, all at once. It moves some hundreds, and reports whether there may be more. Nothing that can be seen
// depends on it; it may be called at any time, by any replica.
func (m *Machine) Settle(until int64) (more bool) {
	m.mu.RLock()
	at, found := m.sessions.due.next()
	m.mu.RUnlock()
	if !found || at > until {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sessions.due.ahead(until, settleAtOnce)
}
