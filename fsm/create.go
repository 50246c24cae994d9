package fsm

import (
	"cmp"
	"slices"

	"github.com/sessnode/sessnode"
)

// create makes a session on a token that never had one, as far as is remembered.
func (m *Machine) create(op *Op, c sessnode.Create) Result {
	a := m.appNamed(op.App)
	s := slot{a.number, c.Key}
	if err := m.creatable(a, s, c); err != nil {
		return refuse(err)
	}
	m.serial++
	r := &record{slot: s, id: c.ID, serial: m.serial, subject: c.Subject, device: c.Device, version: 1, created: m.now, touched: m.now,
		idle: int64(c.Timeouts.Idle), lifetime: int64(c.Timeouts.Lifetime), expires: nanos(c.Timeouts.Expires)}
	if !r.anonymous() {
		r.authenticated = m.now
	}
	op.fill(r, c.Attrs)
	r.deadline = deadlineOf(r, &a.policy)
	if err := fits(&a.policy, r, &record{}); err != nil {
		return refuse(err)
	}
	if err := m.makeRoom(op, a, r); err != nil {
		return refuse(err)
	}
	if old, buried := m.tombstone(s); buried { // only one that is out of date, or a store that was broken on purpose
		m.unbury(&old)
	}
	m.insert(r)
	m.happened(event{kind: sessnode.EventCreated, app: r.app, id: r.id, at: m.now, subject: r.subject, actor: op.Actor, node: op.Node})
	m.stats.Created++
	return m.effect(r)
}

// creatable checks the request itself and that the token is free.
func (m *Machine) creatable(a *app, s slot, c sessnode.Create) *sessnode.Error {
	if c.Key.IsZero() || c.ID.IsZero() {
		return sessnode.Errorf(sessnode.CodeInvalid, "", "a session needs a token and an id")
	}
	if err := longEnough(a, c.TokenChars); err != nil {
		return err
	}
	if err := sane(c.Timeouts); err != nil {
		return err
	}
	if err := m.free(s); err != nil {
		return err
	}
	_, stored := m.sessions.named(&c.ID)
	if _, ended := m.endedOf(c.ID); stored || ended {
		return sessnode.Errorf(sessnode.CodeConflict, sessnode.ReasonTaken, "the session id is taken")
	}
	return nil
}

// free checks that a slot holds neither a session nor the tombstone of one.
func (m *Machine) free(s slot) *sessnode.Error {
	if r, stored := m.session(s); stored {
		reason := m.deathOf(&r)
		if reason == "" {
			reason = sessnode.ReasonTaken
		}
		return sessnode.Errorf(sessnode.CodeConflict, reason, "this token has or had a session: use a new one")
	}
	if t, buried := m.tombstone(s); buried && m.now < t.until && !resurrect() {
		return sessnode.Errorf(sessnode.CodeConflict, m.reasonOf(&t), "this token had a session that ended: use a new one")
	}
	return nil
}

func longEnough(a *app, chars int) *sessnode.Error {
	if uint64(chars) < a.policy.MinTokenLength {
		return sessnode.Errorf(sessnode.CodeInvalid, "", "the token has %d characters, app %q asks for at least %d", chars, a.name, a.policy.MinTokenLength)
	}
	return nil
}

func sane(t sessnode.Timeouts) *sessnode.Error {
	if t.Idle < 0 || t.Lifetime < 0 {
		return sessnode.Errorf(sessnode.CodeInvalid, "", "a timeout must not be negative")
	}
	return nil
}

// makeRoom checks the rules on how many sessions there may be, and ends the ones that must give way.
func (m *Machine) makeRoom(op *Op, a *app, r *record) *sessnode.Error {
	victims, err := m.overSubjectLimit(a, r.subject)
	if err != nil {
		return err
	}
	if r.anonymous() && a.policy.AnonymousQuota > 0 && a.anonymous >= a.policy.AnonymousQuota {
		m.evictAnonymous(op, a.number, int(min(a.anonymous-a.policy.AnonymousQuota+1, maxEvictions)))
		if a.anonymous >= a.policy.AnonymousQuota {
			return sessnode.Errorf(sessnode.CodeLimit, sessnode.ReasonAnonymous, "app %q allows %d anonymous sessions", a.name, a.policy.AnonymousQuota)
		}
	}
	if !r.anonymous() {
		m.evictForBudget(op, a, r.cost())
	}
	if m.over(r.cost()) {
		return m.full()
	}
	m.giveWay(op, victims) // last: a refused change ends no session of a user
	return nil
}

// evictForBudget ends anonymous sessions, first of its own app, until there is room for one that is signed in.
func (m *Machine) evictForBudget(op *Op, a *app, cost uint64) {
	evicted := 0
	for i := range m.apps {
		n := (int(a.number) + i) % len(m.apps)
		for ; m.over(cost) && m.apps[n].anonymous > 0 && evicted < maxEvictions; evicted++ {
			m.evictAnonymous(op, uint32(n), 1)
		}
	}
}

// maxEvictions bounds how many sessions one create may end, and so how long it takes.
const maxEvictions = 64

func (m *Machine) over(more uint64) bool {
	return m.budget > 0 && m.bytes+m.windowBytes+more > m.budget
}

func (m *Machine) full() *sessnode.Error {
	return sessnode.Errorf(sessnode.CodeFull, "", "the store holds %d of %d bytes: end sessions, shorten a policy or give the nodes more memory", m.bytes+m.windowBytes, m.budget)
}

// overSubjectLimit refuses one session too many of a subject, or lists those that must give way: the ones that authenticated
// first. After a limit became much smaller it is reached again over several logins.
func (m *Machine) overSubjectLimit(a *app, subject string) (victims []record, err *sessnode.Error) {
	limit := a.policy.SubjectLimit
	if limit == 0 || subject == "" {
		return nil, nil
	}
	for _, h := range m.sessions.ofSubject(a.number, subject) {
		if r := m.sessions.stored(h); m.deathOf(&r) == "" {
			victims = append(victims, r)
		}
	}
	if uint64(len(victims)) < limit {
		return nil, nil
	}
	if a.policy.OnLimit == sessnode.RejectNew {
		return nil, sessnode.Errorf(sessnode.CodeLimit, sessnode.ReasonSubjectFull, "app %q allows %d sessions of one subject", a.name, limit)
	}
	excess := uint64(len(victims)) - limit + 1
	slices.SortStableFunc(victims, func(x, y record) int { return cmp.Compare(x.authenticated, y.authenticated) })
	return victims[:min(excess, maxEvictions)], nil
}

// giveWay ends sessions in favour of a new one of their subject.
func (m *Machine) giveWay(op *Op, victims []record) {
	for i := range victims {
		m.end(&victims[i], sessnode.ReasonEvicted, "subject limit", op.Node)
	}
}

// evictAnonymous ends the anonymous sessions of an app that are nearest to their end.
func (m *Machine) evictAnonymous(op *Op, app uint32, most int) {
	for range most {
		h, found := m.sessions.due.minAnonymous(app)
		if !found {
			return
		}
		r := m.sessions.stored(h)
		if m.deathOf(&r) != "" {
			m.bye(&r)
			continue
		}
		m.end(&r, sessnode.ReasonEvicted, "anonymous quota or budget", op.Node)
	}
}

// fits checks a session against its app's sizes. What old was over already, because larger sizes were allowed, may stay: such
// a session can still sign in and shrink.
func fits(p *sessnode.Policy, r, old *record) *sessnode.Error {
	if n := uint64(r.count); n > p.MaxAttributes && n > uint64(old.count) {
		return sessnode.Errorf(sessnode.CodeTooLarge, "", "the session would have %d attributes, %d are allowed", n, p.MaxAttributes)
	}
	if r.bytes > p.MaxBytes && r.bytes > old.bytes {
		return sessnode.Errorf(sessnode.CodeTooLarge, "", "the session would have %d bytes, %d are allowed", r.bytes, p.MaxBytes)
	}
	var err *sessnode.Error
	r.each(func(name string, _ sessnode.Value) {
		switch {
		case err != nil:
		case name == "":
			err = sessnode.Errorf(sessnode.CodeInvalid, "", "an attribute's name must not be empty")
		case uint64(len(name)) > p.MaxNameBytes && !old.has(name):
			err = sessnode.Errorf(sessnode.CodeTooLarge, "", "an attribute's name has %d bytes, %d are allowed", len(name), p.MaxNameBytes)
		}
	})
	return err
}
