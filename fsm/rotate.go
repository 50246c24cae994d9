package fsm

import (
	"slices"

	"github.com/sessnode/sessnode"
)

// rotate gives a live session a new token and, in the same step, what the request changes with it.
func (m *Machine) rotate(op *Op, c sessnode.Rotate) Result {
	f, err := m.current(op.App, c.Key)
	if err == nil {
		err = m.rotatable(&f, c)
	}
	if err != nil {
		return refuse(err)
	}
	r := f.edited()
	numbers, err := op.apply(&r, c.Edit)
	if err != nil {
		return refuse(err)
	}
	if err := m.growable(&f, &r); err != nil { // before the subject: a full store still signs in
		return refuse(err)
	}
	changes := c.Subject != nil && *c.Subject != r.subject
	if changes {
		victims, err := m.overSubjectLimit(m.apps[f.app], *c.Subject)
		if err != nil {
			return refuse(err)
		}
		m.giveWay(op, victims)
		r.subject = *c.Subject
	}
	if !r.anonymous() && (changes || c.Reauth) {
		r.authenticated = m.now
	}
	e := event{kind: sessnode.EventRotated, app: f.app, id: r.id, at: m.now, subject: r.subject, actor: op.Actor, node: op.Node}
	if changes || c.Reauth {
		e.kind, e.was = sessnode.EventBound, f.subject
	}
	m.happened(e)
	res := m.rekey(op, &f, &r, c.NewKey, changes || c.Reauth)
	res.Effect.Values = numbers
	m.stats.Rotated++
	return res
}

func (m *Machine) rotatable(f *found, c sessnode.Rotate) *sessnode.Error {
	if c.NewKey.IsZero() {
		return sessnode.Errorf(sessnode.CodeInvalid, "", "rotation needs a new token")
	}
	if err := longEnough(m.apps[f.app], c.TokenChars); err != nil {
		return err
	}
	if err := matches(f, c.IfMatch); err != nil {
		return err
	}
	return m.free(slot{f.app, c.NewKey})
}

// maxPrevious bounds how many old tokens of one session can be in grace: a session that is rotated in a loop must not grow. The
// oldest is dead one rotation later.
const maxPrevious = 16

// rekey moves a session to the slot of its new token. The old token, and those before it, answer no more where the subject
// changed or proved itself again (ASVS 7.2.4); else until a short time after the new one's first use.
func (m *Machine) rekey(op *Op, f *found, r *record, key sessnode.Key, final bool) Result {
	a := m.apps[f.app]
	var grace int64
	if !final {
		grace = m.now + int64(a.policy.RotationMax)
	}
	m.firstUse(r)
	r.previous = slices.DeleteFunc(r.previous, func(k sessnode.Key) bool { return m.settled(slot{f.app, k}, r.id, final) })
	if len(r.previous) == maxPrevious {
		m.settled(slot{f.app, r.previous[0]}, r.id, true)
		r.previous = r.previous[1:]
	}
	r.previous = append(r.previous, f.key)
	r.unused = !final
	r.version++
	r.touched = m.now
	r.deadline = deadlineOf(r, &a.policy)

	m.take(&f.record)
	r.slot = slot{f.app, key}
	if old, buried := m.tombstone(r.slot); buried { // out of date
		m.unbury(&old)
	}
	m.insert(r)
	m.bury(&tombstone{slot: f.slot, id: r.id, reason: sessnode.ReasonRotated, actor: op.Actor, node: op.Node, at: m.now, index: m.index,
		until: m.now + int64(a.policy.RotationMax+a.policy.TombstoneTime), grace: grace})
	return m.effect(r)
}

// settled reports whether the grace of an older token is over, and ends it where that is asked for. One that is ended here stays
// on the session's list until the next rotation: should the session end before, that token gets the reason too.
func (m *Machine) settled(s slot, id sessnode.ID, final bool) bool {
	t, buried := m.tombstone(s)
	if !buried || t.id != id {
		return true
	}
	over := m.now >= t.grace
	if final {
		m.regrace(&t, 0)
	}
	return over
}
