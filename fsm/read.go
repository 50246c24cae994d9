package fsm

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/sessnode/sessnode"
)

// Lookup is what a read of one session finds.
type Lookup struct {
	Session    sessnode.Session
	At         sessnode.Position
	Now        int64         // committed cluster time at the read, ns
	Until      int64         // cluster time at which it stops being served, ns
	Resolution time.Duration // touches younger than this need not be sent
	FirstUse   bool          // a rotated token is used for the first time: its touch must be sent at once, whatever the resolution
}

// Lookup finds the live session of a token's key. Absence is a *sessnode.Error that wraps ErrNotFound, with a reason where one is known;
// At and Now are set even then.
func (m *Machine) Lookup(app string, key sessnode.Key) (Lookup, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	f, err := m.live(app, key)
	if err != nil {
		return Lookup{At: m.position(), Now: m.now}, err
	}
	l := m.lookup(&f.record)
	l.FirstUse = !f.isOld && f.unused
	if f.isOld {
		l.Session.Previous = true
		l.Until = min(l.Until, f.grace)
	}
	return l, nil
}

// ByID finds a live session by its public name, on the same terms.
func (m *Machine) ByID(app string, id sessnode.ID) (Lookup, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r, stored := m.sessionOf(id)
	if !stored || m.apps[r.app].name != app {
		return Lookup{At: m.position(), Now: m.now}, m.absentID(app, id)
	}
	if death := m.deathOf(&r); death != "" {
		return Lookup{At: m.position(), Now: m.now}, sessnode.Errorf(sessnode.CodeNotFound, death, "no live session has this id")
	}
	return m.lookup(&r), nil
}

func (m *Machine) lookup(stored *record) Lookup {
	r := stored.copied()
	a := m.apps[r.app]
	until := m.effective(&r)
	l := Lookup{Session: r.render(a.name, &a.policy, until), At: m.position(), Now: m.now, Until: until}
	l.Session.Attrs = r.values()
	l.Session.Device = r.device
	l.Resolution = a.policy.ResolutionFor(a.policy.IdleFor(time.Duration(r.idle), r.anonymous()))
	return l
}

// Subject lists the live sessions of a subject in order of creation, with attributes where they are asked for. It returns the
// position and the committed cluster time (ns) of the answer too.
func (m *Machine) Subject(app, subject string, attrs bool) (list []sessnode.Session, at sessnode.Position, now int64) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if a, known := m.appByName[app]; known && subject != "" {
		for _, h := range m.sessions.ofSubject(a.number, subject) {
			if s, live := m.listed(h, attrs); live {
				list = append(list, s)
			}
		}
	}
	return list, m.position(), m.now
}

func (m *Machine) listed(handle uint32, attrs bool) (sessnode.Session, bool) {
	r := m.sessions.stored(handle)
	if m.deathOf(&r) != "" {
		return sessnode.Session{}, false
	}
	r = r.copied()
	a := m.apps[r.app]
	s := r.render(a.name, &a.policy, m.effective(&r))
	s.Device = r.device
	if attrs {
		s.Attrs = r.values()
	}
	return s, true
}

// Page lists an app's live sessions in order of creation, without attributes, after a cursor that an earlier page gave ("" = from the
// start). A cursor of another generation is ErrGone.
func (m *Machine) Page(app, cursor string, limit int) (page sessnode.Page, at sessnode.Position, now int64, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	after := uint64(0)
	a, known := m.appByName[app]
	if known {
		after = a.revokedTo // all up to this are dead
	}
	if cursor != "" {
		p, err := sessnode.ParsePosition(cursor)
		if err != nil {
			return page, m.position(), m.now, err
		}
		if p.Generation != m.generation {
			return page, m.position(), m.now, sessnode.Errorf(sessnode.CodeGone, sessnode.ReasonGeneration, "the cursor is of another life of the cluster: start again")
		}
		after = max(after, p.Index)
	}
	if !known {
		return page, m.position(), m.now, nil
	}
	a.creation.From(after+1, func(serial uint64, handle uint32) bool {
		if len(page.Sessions) == limit {
			page.Next = sessnode.Position{Generation: m.generation, Index: after}.String()
			return false
		}
		if s, live := m.listed(handle, false); live {
			page.Sessions = append(page.Sessions, s)
		}
		after = serial
		return true
	})
	return page, m.position(), m.now, nil
}

// Why lists what is remembered of ended sessions: of an id, or of a subject. Newest first.
func (m *Machine) Why(app string, id sessnode.ID, subject string) (list []sessnode.Ended) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	a, known := m.appByName[app]
	if !known {
		return nil
	}
	if t, ended := m.endedOf(id); ended && t.app == a.number {
		list = append(list, t.ended(app))
	}
	if subject != "" {
		m.endedOfSubject(a.number, subject, func(t *tombstone) { list = append(list, t.ended(app)) })
	}
	for _, h := range m.unremoved(a, id, subject) {
		r := m.sessions.stored(h)
		if m.deathOf(&r) != "" {
			t := m.remains(&r)
			list = append(list, t.ended(app))
		}
	}
	slices.SortFunc(list, func(x, y sessnode.Ended) int {
		return cmp.Or(cmp.Compare(y.Index, x.Index), y.At.Compare(x.At), bytes.Compare(x.ID[:], y.ID[:]))
	})
	return list
}

// unremoved lists the sessions of an id or a subject that are still stored.
func (m *Machine) unremoved(a *app, id sessnode.ID, subject string) (list []uint32) {
	if h, stored := m.sessions.named(&id); stored && appOf(m.sessions.Get(h)) == a.number {
		list = append(list, h)
	}
	if subject != "" {
		list = append(list, m.sessions.ofSubject(a.number, subject)...)
	}
	return list
}

// Apps lists all apps that hold or held a session or a policy, by name.
func (m *Machine) Apps() []sessnode.AppInfo {
	m.mu.RLock()
	defer m.mu.RUnlock()
	list := make([]sessnode.AppInfo, 0, len(m.apps))
	for _, a := range m.apps {
		list = append(list, a.info())
	}
	slices.SortFunc(list, func(x, y sessnode.AppInfo) int { return cmp.Compare(x.Name, y.Name) })
	return list
}

// App returns one app; one that was never declared has the default policy and Declared false.
func (m *Machine) App(name string) sessnode.AppInfo {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if a, known := m.appByName[name]; known {
		return a.info()
	}
	return sessnode.AppInfo{Name: name, Policy: sessnode.DefaultPolicy()}
}

func (a *app) info() sessnode.AppInfo {
	return sessnode.AppInfo{Name: a.name, Declared: a.declared, Policy: a.policy, Sessions: a.sessions - a.dying, Anonymous: a.anonymous, Bytes: a.bytes}
}

// Stats are the state's totals, and what this process applied since it started.
type Stats struct {
	Generation, Applied                               uint64
	Cluster                                           string
	Sessions, Anonymous, Tombstones, Remembered, Apps uint64
	Bytes, Budget                                     uint64 // Bytes: of sessions, tombstones and remembered operations
	Hash                                              Hash
	Counters
}

// Stats returns the totals.
func (m *Machine) Stats() Stats {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.totals()
}

func (m *Machine) totals() Stats {
	var anonymous uint64
	for _, a := range m.apps {
		anonymous += a.anonymous
	}
	return Stats{Generation: m.generation, Applied: m.index, Cluster: m.cluster, Sessions: uint64(m.sessions.Len()), Anonymous: anonymous,
		Tombstones: uint64(m.tombstones.Len()), Remembered: uint64(m.window.byKey.Len()), Apps: uint64(len(m.apps)),
		Bytes: m.bytes + m.windowBytes, Budget: m.budget, Hash: m.total(), Counters: m.stats}
}
