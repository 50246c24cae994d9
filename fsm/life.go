package fsm

import (
	"slices"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/sabotage"
)

// The ways in which the tests break this package on purpose; constant false in every other build.
func doubleApply() bool { return sabotage.On(sabotage.DoubleApply) }
func resurrect() bool   { return sabotage.On(sabotage.Resurrect) }

// deadlineOf is when a session stops being served under a policy. An idle session gets the touch resolution and a slack on top
// of its idle timeout, for the touches that are under way; an end is an end.
func deadlineOf(r *record, p *sessnode.Policy) int64 {
	idle := p.IdleFor(time.Duration(r.idle), r.anonymous())
	enforced := r.touched + int64(idle+p.ResolutionFor(idle)+sessnode.ExpirySlack)
	if sabotage.On(sabotage.EarlyExpiry) {
		enforced = r.touched + int64(idle/2)
	}
	if sabotage.On(sabotage.LateExpiry) {
		return enforced + int64(time.Minute)
	}
	return min(enforced, r.end(p))
}

// effective is the deadline that holds now: the stored one, or an earlier one where a shorter policy has not reached the
// record yet.
func (m *Machine) effective(r *record) int64 {
	a := m.apps[r.app]
	if r.serial > a.sweepAt && r.serial <= a.sweepTo {
		return min(r.deadline, deadlineOf(r, &a.policy))
	}
	return r.deadline
}

// deathOf says why a stored session is not live any more; "" means that it is live. Visibility never waits for removal.
func (m *Machine) deathOf(r *record) string {
	if r.serial <= m.apps[r.app].revokedTo {
		return sessnode.ReasonRevoked
	}
	if m.now >= m.effective(r) {
		return sessnode.ReasonExpired
	}
	return ""
}

// found is a live session and how it was reached.
type found struct {
	record
	isOld bool // through a token in rotation grace
	grace int64
}

// live finds the live session of a token, also of one in rotation grace. Otherwise it says why there is none.
func (m *Machine) live(appName string, key sessnode.Key) (found, *sessnode.Error) {
	a, known := m.appByName[appName]
	if !known {
		return found{}, notFound("")
	}
	s := slot{a.number, key}
	if r, stored := m.session(s); stored {
		if death := m.deathOf(&r); death != "" {
			return found{}, notFound(death)
		}
		return found{record: r}, nil
	}
	t, ended := m.tombstone(s)
	if !ended || m.now >= t.until {
		return found{}, notFound("")
	}
	r, stored := m.sessionOf(t.id)
	if reason := m.reasonOf(&t); reason != sessnode.ReasonRotated || m.now >= t.grace || !stored {
		return found{}, notFound(reason)
	}
	return found{record: r, isOld: true, grace: t.grace}, nil
}

// reasonOf says why a token answers no more. A token that was rotated away shares the death of its session from that moment on,
// not only once the session is removed.
func (m *Machine) reasonOf(t *tombstone) string {
	if t.reason != sessnode.ReasonRotated {
		return t.reason
	}
	r, stored := m.sessionOf(t.id)
	if !stored {
		return t.reason
	}
	if death := m.deathOf(&r); death != "" && slices.Contains(r.previous, t.key) {
		return death
	}
	return t.reason
}

func notFound(reason string) *sessnode.Error {
	return sessnode.Errorf(sessnode.CodeNotFound, reason, "no live session has this token")
}

// active records activity on a copy of a session: it moves touched forward, never the deadline back, and ends the grace of the old
// token a short time after the new one's first use.
func (m *Machine) active(f *found, r *record, at int64) {
	a := m.apps[f.app]
	r.touched = max(r.touched, min(at, m.now))
	r.deadline = max(m.effective(&f.record), deadlineOf(r, &a.policy))
	if !f.isOld {
		m.firstUse(r)
	}
}

// firstUse ends the grace of a session's old tokens a short time after its present one was used for the first time.
func (m *Machine) firstUse(r *record) {
	if !r.unused {
		return
	}
	r.unused = false
	for _, k := range r.previous {
		if t, buried := m.tombstone(slot{r.app, k}); buried && t.reason == sessnode.ReasonRotated && t.id == r.id {
			m.regrace(&t, min(t.grace, m.now+int64(m.apps[r.app].policy.RotationGrace)))
		}
	}
}

// regrace changes until when a token that was rotated away still answers.
func (m *Machine) regrace(t *tombstone, until int64) {
	if t.grace == until {
		return
	}
	c := *t
	c.grace = until
	m.bury(&c)
}

// place gives a changed session its deadline, which unlike a touch may shorten, and puts it back.
func (m *Machine) place(f *found, r *record) Result {
	r.version++
	m.active(f, r, m.now)
	r.deadline = deadlineOf(r, &m.apps[f.app].policy)
	m.update(&f.record, r)
	return m.effect(r)
}

func (m *Machine) effect(r *record) Result {
	a := m.apps[r.app]
	return Result{Effect: sessnode.Effect{Session: r.session(a.name, &a.policy, r.deadline)}}
}
