package fsm_test

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// model is the state machine once more, as naive as the design page: plain maps, linear scans, no index, no sharing, no hash. What
// it leaves out is the byte budget and the bounds on how much one entry removes: histories here are small.
type model struct {
	now      time.Time
	serial   int
	apps     map[string]*modelApp
	sessions map[place]*modelSession
	tombs    map[place]*modelTomb
	window   map[string]modelOp
}

// place is where a token leads.
type place struct {
	app string
	key sessnode.Key
}

type modelApp struct {
	declared bool
	policy   sessnode.Policy
	changing int // a shorter policy was put; stored deadlines of serials up to this follow with the next entry

	revokedTo    int
	revokedAt    time.Time
	revokedActor string
}

type modelSession struct {
	id                              sessnode.ID
	serial                          int
	subject                         string
	version                         uint64
	created, authenticated, touched time.Time
	own                             sessnode.Timeouts
	deadline                        time.Time // what holds
	stored                          time.Time // what removal goes by: follows a shorter policy an entry later
	unused                          bool
	previous                        []sessnode.Key
	attrs                           map[string]sessnode.Value
}

type modelTomb struct {
	id            sessnode.ID
	subject       string
	reason, actor string
	at            time.Time
	until, grace  time.Time
}

type modelOp struct {
	digest string
	at     time.Time
	answer answer
}

// answer is what model and machine must agree on for one change.
type answer struct {
	Code     sessnode.Code
	Reason   string
	Count    uint64
	Replayed bool
	Values   map[string]string
	Session  sessnode.Session
}

func newModel(now time.Time) *model {
	return &model{now: now, apps: map[string]*modelApp{}, sessions: map[place]*modelSession{}, tombs: map[place]*modelTomb{}, window: map[string]modelOp{}}
}

func (m *model) app(name string) *modelApp {
	if m.apps[name] == nil {
		m.apps[name] = &modelApp{policy: sessnode.DefaultPolicy()}
	}
	return m.apps[name]
}

// begin starts an entry: time passes, and what is due is removed.
func (m *model) begin(now time.Time) {
	if now.After(m.now) {
		m.now = now
	}
	for at, s := range m.sessions {
		if !m.now.Before(s.stored) || s.serial <= m.apps[at.app].revokedTo {
			m.remove(at, s)
		}
	}
	for at, s := range m.sessions {
		if s.serial <= m.apps[at.app].changing {
			s.stored = s.deadline
		}
	}
	for _, a := range m.apps {
		a.changing = 0
	}
	maps.DeleteFunc(m.tombs, func(_ place, t *modelTomb) bool { return !m.now.Before(t.until) })
	maps.DeleteFunc(m.window, func(_ string, o modelOp) bool { return !m.now.Before(o.at.Add(5 * time.Minute)) })
}

// remove buries a dead session.
func (m *model) remove(at place, s *modelSession) {
	m.bury(at, s, m.remains(at, s))
}

func (m *model) remains(at place, s *modelSession) modelTomb {
	a := m.apps[at.app]
	if s.serial <= a.revokedTo {
		return modelTomb{reason: "revoked", actor: a.revokedActor, at: a.revokedAt}
	}
	return modelTomb{reason: "expired", actor: "timeout", at: later(s.touched, s.deadline)}
}

func (m *model) bury(at place, s *modelSession, t modelTomb) {
	delete(m.sessions, at)
	t.id, t.subject, t.until = s.id, s.subject, m.now.Add(m.apps[at.app].policy.TombstoneTime)
	m.tombs[at] = &t
	for _, k := range s.previous {
		if old := m.tombs[place{at.app, k}]; old != nil && old.id == s.id {
			m.tombs[place{at.app, k}] = &modelTomb{reason: t.reason, actor: t.actor, at: t.at, until: t.until}
		}
	}
}

func (m *model) end(at place, reason, actor string) {
	m.bury(at, m.sessions[at], modelTomb{reason: reason, actor: actor, at: m.now})
}

// death says why a stored session is dead; "" if it lives.
func (m *model) death(at place) string {
	s := m.sessions[at]
	switch {
	case s.serial <= m.apps[at.app].revokedTo:
		return "revoked"
	case !m.now.Before(s.deadline):
		return "expired"
	}
	return ""
}

// live finds a session by a token; old says that the token is one in grace.
func (m *model) live(at place) (where place, old bool, reason string) {
	if m.sessions[at] != nil {
		return at, false, m.death(at)
	}
	t := m.tombs[at]
	if t == nil || !m.now.Before(t.until) {
		return at, false, "unknown"
	}
	reason = m.told(at, t)
	if where, stored := m.byID(t.id); stored && reason == "rotated" && m.now.Before(t.grace) {
		return where, true, ""
	}
	return at, false, reason
}

// told is the reason that a tombstone gives: a token that was rotated away shares the death of its session.
func (m *model) told(at place, t *modelTomb) string {
	where, stored := m.byID(t.id)
	if t.reason != "rotated" || !stored || !slices.Contains(m.sessions[where].previous, at.key) {
		return t.reason
	}
	return cmp.Or(m.death(where), t.reason)
}

func (m *model) byID(id sessnode.ID) (place, bool) {
	for at, s := range m.sessions {
		if s.id == id {
			return at, true
		}
	}
	return place{}, false
}

// deadline is the rule of the design page.
func (m *model) deadlineOf(app string, s *modelSession) time.Time {
	p := m.apps[app].policy
	idle := m.idle(app, s)
	resolution := p.TouchResolution
	if resolution == 0 {
		resolution = min(max(time.Second, idle/30), time.Minute)
	}
	return earlier(s.touched.Add(idle+resolution+5*time.Second), m.endOf(app, s))
}

func (m *model) idle(app string, s *modelSession) time.Duration {
	p := m.apps[app].policy
	idle := p.Idle
	if s.subject == "" && p.AnonymousIdle > 0 {
		idle = p.AnonymousIdle
	}
	return min(cmp.Or(s.own.Idle, idle), p.MaxIdle)
}

func (m *model) endOf(app string, s *modelSession) time.Time {
	p := m.apps[app].policy
	from := later(s.created, s.authenticated)
	if s.own.Expires.IsZero() {
		return from.Add(min(cmp.Or(s.own.Lifetime, p.Lifetime), p.MaxLifetime))
	}
	return earlier(s.own.Expires, from.Add(min(cmp.Or(s.own.Lifetime, p.MaxLifetime), p.MaxLifetime)))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// session renders what a reader sees.
func (m *model) session(at place) sessnode.Session {
	s := m.sessions[at]
	x := sessnode.Session{App: at.app, ID: s.id, Subject: s.subject, Version: s.version, Created: s.created, Authenticated: s.authenticated,
		Touched: s.touched, IdleDeadline: s.touched.Add(m.idle(at.app, s)), End: m.endOf(at.app, s), Enforced: s.deadline, Timeouts: s.own}
	if s.deadline.Before(earlier(x.IdleDeadline, x.End)) {
		x.IdleDeadline = s.deadline
	}
	return x
}

// list is an app's live sessions in order of creation, of one subject if given.
func (m *model) list(app, subject string) (list []sessnode.Session) {
	var found []place
	for at, s := range m.sessions {
		if at.app == app && m.death(at) == "" && (subject == "" || s.subject == subject) {
			found = append(found, at)
		}
	}
	slices.SortFunc(found, func(x, y place) int { return cmp.Compare(m.sessions[x].serial, m.sessions[y].serial) })
	for _, at := range found {
		list = append(list, m.session(at))
	}
	return list
}

// why is what is remembered of a subject's ended sessions: id, reason, actor and time.
func (m *model) why(app, subject string) (list []sessnode.Ended) {
	add := func(id sessnode.ID, t modelTomb) {
		list = append(list, sessnode.Ended{App: app, ID: id, Subject: subject, Reason: t.reason, Actor: t.actor, At: t.at})
	}
	for at, t := range m.tombs {
		if at.app == app && t.subject == subject && !t.id.IsZero() && t.reason != "rotated" {
			add(t.id, *t)
		}
	}
	for at, s := range m.sessions {
		if at.app == app && s.subject == subject && m.death(at) != "" {
			add(s.id, m.remains(at, s))
		}
	}
	slices.SortFunc(list, byID)
	return list
}

func byID(x, y sessnode.Ended) int { return bytes.Compare(x.ID[:], y.ID[:]) }

// once makes a change unless it was made before.
func (m *model) once(op fsm.Op, digest string) answer {
	if op.OpID.IsZero() {
		return m.inTime(op)
	}
	k := op.App + "|" + keyOf(op.Change).String() + "|" + string(op.OpID[:])
	if o, found := m.window[k]; found {
		if o.digest != digest {
			return answer{Code: sessnode.CodeConflict, Reason: "operation_reused"}
		}
		o.answer.Replayed = true
		return o.answer
	}
	a := m.inTime(op)
	if a.Reason != "too_late" {
		m.window[k] = modelOp{digest, m.now, a}
	}
	return a
}

func (m *model) inTime(op fsm.Op) answer {
	if op.NotAfter != 0 && m.now.UnixNano() > op.NotAfter {
		return answer{Code: sessnode.CodeUnavailable, Reason: "too_late"}
	}
	return m.change(op)
}
