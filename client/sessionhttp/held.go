package sessionhttp

import (
	"reflect"
	"slices"
	"time"

	"github.com/sessnode/sessnode"
)

// held is a value that the handler has in its hands and may change in place: a map that came out of the store, for one. Only its
// encoding tells whether that happened.
type held struct {
	name  string
	value any
	as    reflect.Type   // what Get was asked for, or Set was given
	was   sessnode.Value // its encoding when it was last looked at
	own   bool           // Set brought it; else it came out of the store
}

// hold keeps an eye on a value, unless nobody can change it in place. s.mu is held.
func (s *Session) hold(name string, v any, as reflect.Type, own bool) {
	if !mutable(as) {
		return
	}
	was, err := encode(v)
	if err != nil {
		s.changes.refuse(invalid("attribute %q: a %v has no JSON form", name, as))
		return
	}
	s.held = append(s.held, &held{name, v, as, was, own})
}

// heldAs finds a value that is held already, so that a handler that asks twice changes one and the same. s.mu is held.
func (s *Session) heldAs(name string, as reflect.Type) *held {
	for _, h := range s.held {
		if h.name == name && h.as == as {
			return h
		}
	}
	return nil
}

// letGo forgets the values held of an attribute that gets another one. s.mu is held.
func (s *Session) letGo(name string) {
	s.held = slices.DeleteFunc(s.held, func(h *held) bool { return h.name == name })
}

// refold looks at what became of the values held of an attribute, so that all ways to read it agree. s.mu is held.
func (s *Session) refold(name string) {
	for _, h := range s.held {
		if h.name == name {
			s.look(h, s.changes.put)
		}
	}
}

// look reports a held value to note if it was changed since it was last looked at. s.mu is held.
func (s *Session) look(h *held, note func(string, sessnode.Value)) {
	now, err := encode(h.value)
	if err != nil {
		s.changes.refuse(invalid("attribute %q: what became of the %v has no JSON form", h.name, h.as))
		return
	}
	if !same(now, h.was) {
		h.was = now
		note(h.name, now)
	}
}

// refoldOwn notes what became of the values that Set took in.
func (s *Session) refoldOwn() {
	for _, h := range s.held {
		if h.own {
			s.look(h, s.changes.put)
		}
	}
}

// mutable reports whether a value of a type can be changed in place through a copy of it.
func mutable(t reflect.Type) bool {
	if t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[sessnode.Value]() {
		return false
	}
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Pointer, reflect.Interface:
		return true
	case reflect.Array:
		return mutable(t.Elem())
	case reflect.Struct:
		for field := range t.Fields() {
			if mutable(field.Type) {
				return true
			}
		}
	}
	return false
}
