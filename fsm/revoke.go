package fsm

import "github.com/sessnode/sessnode"

// revoke ends the session of a token. A token without one is remembered as revoked, so that a create that is still under way
// comes too late.
func (m *Machine) revoke(op *Op, c sessnode.Revoke) Result {
	f, err := m.live(op.App, c.Key)
	if err == nil {
		if err := matches(&f, c.IfMatch); err != nil {
			return refuse(err)
		}
		m.end(&f.record, sessnode.ReasonRevoked, op.Actor, op.Node)
		return Result{Effect: sessnode.Effect{Count: 1}}
	}
	a := m.appNamed(op.App)
	s := slot{a.number, c.Key}
	_, stored := m.sessions.at(&s)
	t, buried := m.tombstone(s)
	if !stored && (!buried || m.now >= t.until) {
		m.bury(&tombstone{slot: s, reason: sessnode.ReasonRevoked, actor: op.Actor, node: op.Node, at: m.now, index: m.index,
			until: m.now + int64(a.policy.TombstoneTime)})
	}
	return Result{}
}

// revokeID ends a session by its public name.
func (m *Machine) revokeID(op *Op, c sessnode.RevokeID) Result {
	r, stored := m.sessionOf(c.ID)
	if !stored || m.apps[r.app].name != op.App {
		return refuse(m.absentID(op.App, c.ID))
	}
	if death := m.deathOf(&r); death != "" {
		return refuse(notFound(death))
	}
	m.end(&r, sessnode.ReasonRevoked, op.Actor, op.Node)
	return Result{Effect: sessnode.Effect{Count: 1}}
}

// absentID says what is known of an id without a live session.
func (m *Machine) absentID(app string, id sessnode.ID) *sessnode.Error {
	reason := ""
	if t, ended := m.endedOf(id); ended && m.apps[t.app].name == app && m.now < t.until {
		reason = t.reason
	}
	return sessnode.Errorf(sessnode.CodeNotFound, reason, "no live session has this id")
}

// revokeSubject ends all sessions of a subject in one step, but one where that is asked for.
func (m *Machine) revokeSubject(op *Op, c sessnode.RevokeSubject) Result {
	a, known := m.appByName[op.App]
	if !known || c.Subject == "" {
		return Result{}
	}
	var ended uint64
	for _, h := range m.sessions.ofSubject(a.number, c.Subject) {
		r := m.sessions.stored(h)
		if r.id == c.Except || m.deathOf(&r) != "" {
			continue
		}
		m.end(&r, sessnode.ReasonRevoked, op.Actor, op.Node)
		ended++
	}
	return Result{Effect: sessnode.Effect{Count: ended}}
}
