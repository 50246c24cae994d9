package fsm_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

func refused(c sessnode.Code, reason string) answer { return answer{Code: c, Reason: reason} }

func absent(reason string) answer {
	return refused(sessnode.CodeNotFound, strings.TrimPrefix(reason, "unknown"))
}

func keyOf(c sessnode.Change) sessnode.Key {
	switch c := c.(type) {
	case sessnode.Create:
		return c.Key
	case sessnode.Patch:
		return c.Key
	case sessnode.Replace:
		return c.Key
	case sessnode.Pop:
		return c.Key
	case sessnode.TouchOne:
		return c.Key
	case sessnode.Rotate:
		return c.Key
	case sessnode.Revoke:
		return c.Key
	}
	return sessnode.Key{}
}

func (m *model) change(op fsm.Op) answer {
	if _, declares := op.Change.(sessnode.PutPolicy); op.Strict && !declares && (m.apps[op.App] == nil || !m.apps[op.App].declared) {
		return refused(sessnode.CodeUnknownApp, "")
	}
	at := place{op.App, keyOf(op.Change)}
	switch c := op.Change.(type) {
	case sessnode.Create:
		return m.create(at, c)
	case sessnode.Touch:
		return m.touchAll(c)
	case sessnode.Revoke:
		return m.revoke(at, c, op.Actor)
	case sessnode.RevokeID:
		return m.revokeID(op.App, c.ID, op.Actor)
	case sessnode.RevokeSubject:
		return m.revokeSubject(op.App, c, op.Actor)
	case sessnode.RevokeApp:
		return m.revokeApp(op.App, op.Actor)
	case sessnode.DropApp:
		a := m.revokeApp(op.App, op.Actor)
		if app := m.apps[op.App]; app != nil {
			app.declared, app.policy = false, sessnode.DefaultPolicy()
		}
		return a
	case sessnode.PutPolicy:
		return m.putPolicy(op.App, c.Policy)
	}
	where, old, reason := m.live(at)
	if reason != "" {
		return absent(reason)
	}
	return m.alter(where, old, op.Change)
}

func (m *model) create(at place, c sessnode.Create) answer {
	p := m.app(at.app).policy
	if uint64(c.TokenChars) < p.MinTokenLength || c.Timeouts.Idle < 0 || c.Timeouts.Lifetime < 0 {
		return refused(sessnode.CodeInvalid, "")
	}
	if reason := m.taken(at); reason != "" {
		return refused(sessnode.CodeConflict, reason)
	}
	if _, stored := m.byID(c.ID); stored || m.ended(c.ID) != nil {
		return refused(sessnode.CodeConflict, "taken")
	}
	if uint64(len(c.Attrs)) > p.MaxAttributes {
		return refused(sessnode.CodeTooLarge, "")
	}
	s := &modelSession{id: c.ID, subject: c.Subject, version: 1, created: m.now, touched: m.now, own: c.Timeouts, attrs: maps.Clone(c.Attrs)}
	if c.Subject != "" {
		s.authenticated = m.now
		if refusal := m.limit(at.app, c.Subject); refusal.Code != sessnode.OK {
			return refusal
		}
	} else {
		m.quota(at.app)
	}
	m.serial++
	s.serial = m.serial
	s.deadline = m.deadlineOf(at.app, s)
	s.stored = s.deadline
	m.sessions[at] = s
	delete(m.tombs, at)
	return answer{Session: m.session(at)}
}

// taken says why nothing can be created on a token; "" where it can.
func (m *model) taken(at place) string {
	if m.sessions[at] != nil {
		return cmp.Or(m.death(at), "taken")
	}
	if t := m.tombs[at]; t != nil && m.now.Before(t.until) {
		return m.told(at, t)
	}
	return ""
}

// limit applies the rule on sessions per subject.
func (m *model) limit(app, subject string) answer {
	p := m.apps[app].policy
	var live []place
	for at, s := range m.sessions {
		if at.app == app && s.subject == subject && m.death(at) == "" {
			live = append(live, at)
		}
	}
	if p.SubjectLimit == 0 || uint64(len(live)) < p.SubjectLimit {
		return answer{}
	}
	if p.OnLimit == sessnode.RejectNew {
		return refused(sessnode.CodeLimit, "subject_limit")
	}
	slices.SortFunc(live, func(x, y place) int {
		return cmp.Or(m.sessions[x].authenticated.Compare(m.sessions[y].authenticated), cmp.Compare(m.sessions[x].serial, m.sessions[y].serial))
	})
	for _, at := range live[:uint64(len(live))-p.SubjectLimit+1] {
		m.end(at, "evicted", "subject limit")
	}
	return answer{}
}

// quota makes anonymous sessions give way, nearest to their end first.
func (m *model) quota(app string) {
	p := m.apps[app].policy
	var list []place
	for at, s := range m.sessions {
		if at.app == app && s.subject == "" {
			list = append(list, at)
		}
	}
	if p.AnonymousQuota == 0 || uint64(len(list)) < p.AnonymousQuota {
		return
	}
	slices.SortFunc(list, func(x, y place) int {
		return cmp.Or(m.sessions[x].stored.Compare(m.sessions[y].stored), cmp.Compare(m.sessions[x].serial, m.sessions[y].serial))
	})
	for _, at := range list[:uint64(len(list))-p.AnonymousQuota+1] {
		if m.death(at) != "" {
			m.remove(at, m.sessions[at])
		} else {
			m.end(at, "evicted", "anonymous quota or budget")
		}
	}
}

func (m *model) touchAll(c sessnode.Touch) (a answer) {
	for _, t := range c.Touches {
		where, old, reason := m.live(place{t.App, t.Key})
		if reason == "" {
			m.active(where, old, m.sessions[where], t.At)
			a.Count++
		}
	}
	return a
}

// active records activity: never backwards, never of the future, never shorter.
func (m *model) active(at place, old bool, s *modelSession, when time.Time) {
	s.touched = later(s.touched, earlier(when, m.now))
	s.deadline = later(s.deadline, m.deadlineOf(at.app, s))
	s.stored = s.deadline
	if !old {
		m.firstUse(at.app, s)
	}
}

func (m *model) firstUse(app string, s *modelSession) {
	for _, k := range s.previous {
		if t := m.tombs[place{app, k}]; s.unused && t != nil && t.reason == "rotated" && t.id == s.id {
			t.grace = earlier(t.grace, m.now.Add(m.apps[app].policy.RotationGrace))
		}
	}
	s.unused = false
}

func (m *model) revoke(at place, c sessnode.Revoke, actor string) answer {
	where, _, reason := m.live(at)
	if reason == "" {
		if c.IfMatch != 0 && c.IfMatch != m.sessions[where].version {
			return refused(sessnode.CodePrecondition, "")
		}
		m.end(where, "revoked", actor)
		return answer{Count: 1}
	}
	if m.app(at.app); m.taken(at) == "" {
		m.tombs[at] = &modelTomb{reason: "revoked", actor: actor, at: m.now, until: m.now.Add(m.apps[at.app].policy.TombstoneTime)}
	}
	return answer{}
}

func (m *model) revokeID(app string, id sessnode.ID, actor string) answer {
	if at, stored := m.byID(id); stored && at.app == app {
		if reason := m.death(at); reason != "" {
			return absent(reason)
		}
		m.end(at, "revoked", actor)
		return answer{Count: 1}
	}
	for at, t := range m.tombs {
		if at.app == app && t == m.ended(id) {
			return absent(t.reason)
		}
	}
	return absent("")
}

// ended is what is left of a session by its id.
func (m *model) ended(id sessnode.ID) *modelTomb {
	for _, t := range m.tombs {
		if t.id == id && t.reason != "rotated" {
			return t
		}
	}
	return nil
}

func (m *model) revokeSubject(app string, c sessnode.RevokeSubject, actor string) (a answer) {
	for at, s := range maps.Clone(m.sessions) {
		if at.app == app && s.subject == c.Subject && c.Subject != "" && s.id != c.Except && m.death(at) == "" {
			m.end(at, "revoked", actor)
			a.Count++
		}
	}
	return a
}

func (m *model) revokeApp(app, actor string) (a answer) {
	ended := m.apps[app]
	if ended == nil {
		return a
	}
	for at, s := range m.sessions {
		if at.app == app && s.serial > ended.revokedTo {
			a.Count++
		}
	}
	ended.revokedTo, ended.revokedAt, ended.revokedActor, ended.changing = m.serial, m.now, actor, 0
	return a
}

func (m *model) putPolicy(app string, p sessnode.Policy) answer {
	a := m.app(app)
	if a.changing > 0 {
		return refused(sessnode.CodeConflict, "policy_changing")
	}
	old := a.policy
	a.declared, a.policy = true, p
	shorter := p.Idle < old.Idle || p.IdleFor(0, true) < old.IdleFor(0, true) || p.Lifetime < old.Lifetime || p.MaxIdle < old.MaxIdle ||
		p.MaxLifetime < old.MaxLifetime || p.TouchResolution != old.TouchResolution
	for at, s := range m.sessions {
		if at.app == app && shorter {
			a.changing = m.serial
			s.deadline = earlier(s.deadline, m.deadlineOf(app, s))
		}
	}
	return answer{}
}
