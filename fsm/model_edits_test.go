package fsm_test

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"time"

	"github.com/sessnode/sessnode"
)

// alter makes the changes of one live session, on a copy: a refusal leaves nothing behind.
func (m *model) alter(at place, old bool, change sessnode.Change) answer {
	s := *m.sessions[at]
	s.attrs, s.previous = maps.Clone(s.attrs), slices.Clone(s.previous)
	if s.attrs == nil {
		s.attrs = map[string]sessnode.Value{}
	}
	values := map[string]sessnode.Value{}
	var ifMatch uint64
	var edit sessnode.Edit
	changed := true
	switch c := change.(type) {
	case sessnode.Patch:
		ifMatch, edit = c.IfMatch, c.Edit
	case sessnode.Replace:
		if old {
			return refused(sessnode.CodeConflict, "rotated")
		}
		ifMatch, edit = c.IfMatch, sessnode.Edit{Set: c.Attrs, Timeouts: c.Timeouts}
		clear(s.attrs)
	case sessnode.Pop:
		for _, name := range c.Names {
			if v, there := s.attrs[name]; there {
				values[name] = v
				delete(s.attrs, name)
			}
		}
		changed = len(values) > 0
	case sessnode.TouchOne:
		edit.Timeouts = c.Timeouts
		changed = c.Timeouts != sessnode.TimeoutChange{}
	case sessnode.Rotate:
		return m.rotate(at, old, &s, c)
	}
	if ifMatch != 0 && ifMatch != s.version {
		return refused(sessnode.CodePrecondition, "")
	}
	if a := m.edit(at, &s, edit, values); a.Code != sessnode.OK {
		return a
	}
	if changed {
		s.version++
		m.active(at, old, &s, m.now)
		s.deadline = m.deadlineOf(at.app, &s)
		s.stored = s.deadline
	} else {
		m.active(at, old, &s, m.now)
	}
	m.sessions[at] = &s
	return answer{Session: m.session(at), Values: shown(values)}
}

// edit merges an edit; values takes the new numbers.
func (m *model) edit(at place, s *modelSession, e sessnode.Edit, values map[string]sessnode.Value) answer {
	for name, g := range e.If {
		v, there := s.attrs[name]
		if g.Absent == there || there && show(v) != show(g.Value) {
			return refused(sessnode.CodePrecondition, "")
		}
	}
	maps.Copy(s.attrs, e.Set)
	for _, name := range e.Unset {
		delete(s.attrs, name)
	}
	for name, by := range e.Incr {
		n, isInt := new(big.Int), true
		if v, there := s.attrs[name]; there {
			n, isInt = n.SetString(string(v.Data), 10)
			isInt = isInt && n.IsInt64() && v.Codec == sessnode.JSON && n.String() == string(v.Data)
		}
		if !isInt || !n.Add(n, big.NewInt(by)).IsInt64() {
			return refused(sessnode.CodeConflict, "not_integer")
		}
		values[name] = text(n.String())
		s.attrs[name] = values[name]
	}
	s.own = sessnode.Timeouts{Idle: *cmp.Or(e.Timeouts.Idle, &s.own.Idle), Lifetime: *cmp.Or(e.Timeouts.Lifetime, &s.own.Lifetime),
		Expires: *cmp.Or(e.Timeouts.Expires, &s.own.Expires)}
	if s.own.Idle < 0 || s.own.Lifetime < 0 {
		return refused(sessnode.CodeInvalid, "")
	}
	if n := len(s.attrs); uint64(n) > m.apps[at.app].policy.MaxAttributes && n > len(m.sessions[at].attrs) {
		return refused(sessnode.CodeTooLarge, "")
	}
	return answer{}
}

func (m *model) rotate(at place, old bool, s *modelSession, c sessnode.Rotate) answer {
	a, to := m.apps[at.app], place{at.app, c.NewKey}
	switch {
	case old:
		return refused(sessnode.CodeConflict, "rotated")
	case uint64(c.TokenChars) < a.policy.MinTokenLength:
		return refused(sessnode.CodeInvalid, "")
	case c.IfMatch != 0 && c.IfMatch != s.version:
		return refused(sessnode.CodePrecondition, "")
	}
	if reason := m.taken(to); reason != "" {
		return refused(sessnode.CodeConflict, reason)
	}
	values := map[string]sessnode.Value{}
	if r := m.edit(at, s, c.Edit, values); r.Code != sessnode.OK {
		return r
	}
	changes := c.Subject != nil && *c.Subject != s.subject
	if changes && *c.Subject != "" {
		if r := m.limit(at.app, *c.Subject); r.Code != sessnode.OK {
			return r
		}
	}
	if changes {
		s.subject = *c.Subject
	}
	final := changes || c.Reauth
	if final && s.subject != "" {
		s.authenticated = m.now
	}
	m.firstUse(at.app, s)
	var kept []sessnode.Key
	for _, k := range s.previous {
		t := m.tombs[place{at.app, k}]
		if t == nil || t.id != s.id {
			continue
		}
		if m.now.Before(t.grace) {
			kept = append(kept, k)
		}
		if final {
			t.grace = time.Time{}
		}
	}
	s.previous = append(kept, at.key)
	s.unused, s.touched = !final, m.now
	s.version++
	s.deadline = m.deadlineOf(at.app, s)
	s.stored = s.deadline
	delete(m.sessions, at)
	delete(m.tombs, to)
	m.sessions[to] = s
	t := modelTomb{id: s.id, reason: "rotated", at: m.now, until: m.now.Add(a.policy.RotationMax + a.policy.TombstoneTime)}
	if !final {
		t.grace = m.now.Add(a.policy.RotationMax)
	}
	m.tombs[at] = &t
	return answer{Session: m.session(to), Values: shown(values)}
}

func shown(values map[string]sessnode.Value) map[string]string {
	m := map[string]string{}
	for name, v := range values {
		m[name] = show(v)
	}
	return m
}
