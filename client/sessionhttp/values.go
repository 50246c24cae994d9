package sessionhttp

import (
	"bytes"
	"reflect"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// String returns an attribute that is a string; "" where there is none or where it is something else.
func (s *Session) String(name string) string { v, _ := Get[string](s, name); return v }

// Int64 returns an attribute that is an integer; 0 where there is none or where it is something else.
func (s *Session) Int64(name string) int64 { v, _ := Get[int64](s, name); return v }

// Float64 returns an attribute that is a number; 0 where there is none or where it is something else.
func (s *Session) Float64(name string) float64 { v, _ := Get[float64](s, name); return v }

// Bool returns an attribute that is true or false; false where there is none or where it is something else.
func (s *Session) Bool(name string) bool { v, _ := Get[bool](s, name); return v }

// Time returns an attribute that is a time (RFC 3339); the zero time where there is none or where it is something else.
func (s *Session) Time(name string) time.Time { v, _ := Get[time.Time](s, name); return v }

// Has reports whether the session has an attribute.
func (s *Session) Has(name string) bool { _, there := s.Value(name); return there }

// Value returns an attribute as it is stored, in whatever codec. Treat it as read-only.
func (s *Session) Value(name string) (sessnode.Value, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value(name)
}

// Get reads an attribute into a T as encoding/json does. It returns false where there is none, or where it does not fit, which
// is logged.
//
// A T that can be changed in place (a map, a slice, a pointer, a struct that holds one) is encoded again before the first byte
// of the response, and sent if it came out different. Getting it twice returns the same one.
func Get[T any](s *Session, name string) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var got T
	stored, there := s.value(name)
	if !there {
		return got, false
	}
	if h := s.heldAs(name, reflect.TypeFor[T]()); h != nil {
		got, _ = h.value.(T) // not of a nil in an interface
		return got, true
	}
	if err := client.Decode(stored, &got); err != nil {
		s.m.options.Log.WarnContext(s.r.Context(), "attribute of another type", "attribute", name, "err", err)
		var none T
		return none, false
	}
	s.hold(name, got, reflect.TypeFor[T](), false)
	return got, true
}

// Set stores v in an attribute, as encoding/json encodes it; a sessnode.Value is stored as it is. What cannot be encoded, or not
// be stored, fails the commit.
//
// If v can be changed in place, what becomes of it before the first byte of the response is stored.
func (s *Session) Set(name string, v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = true
	value, err := encode(v)
	if err != nil {
		s.changes.refuse(invalid("attribute %q: a %T has no JSON form", name, v))
		return
	}
	s.set(name, value)
	if v != nil {
		s.hold(name, v, reflect.TypeOf(v), true)
	}
}

// Unset takes an attribute away.
func (s *Session) Unset(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = true
	if s.signs(name) {
		s.need()
		if s.subject() != "" {
			s.logout()
			return
		}
	}
	s.letGo(name)
	s.changes.drop(name)
}

// Incr adds to an attribute that is an integer, absent = 0. The store adds, so that parallel requests count right; getters show
// the sum as far as this request knows it. What is no integer fails the commit.
func (s *Session) Incr(name string, by int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = true
	s.refold(name)
	s.letGo(name)
	s.changes.add(name, by)
}

// set notes a new value. Setting the attribute of Options.SubjectFrom signs in or out. s.mu is held.
func (s *Session) set(name string, v sessnode.Value) {
	s.letGo(name)
	if !s.signs(name) {
		s.changes.put(name, v)
		return
	}
	subject, good := subjectIn(v)
	s.need()
	switch {
	case !good:
		s.changes.refuse(invalid("attribute %q says who is signed in: it must be a string or a number", name))
	case subject == "" && s.subject() != "":
		s.logout()
	case subject != "" && subject != s.subject():
		s.login(subject)
		s.changes.put(name, v)
	default:
		s.changes.put(name, v)
	}
}

// signs reports whether an attribute says who is signed in.
func (s *Session) signs(name string) bool { return name != "" && name == s.m.options.SubjectFrom }

// value is an attribute as this request sees it. s.mu is held.
func (s *Session) value(name string) (sessnode.Value, bool) {
	s.used = true
	s.refold(name)
	v, there := s.changes.set[name]
	if !there && !s.changes.unset[name] {
		s.need()
		v, there = s.base(name)
	}
	if by, counts := s.changes.incr[name]; counts {
		sum, _ := plus(v, by)
		return sum, true
	}
	return v, there
}

// base is an attribute as the store has it, unless this request must not see it. s.mu is held.
func (s *Session) base(name string) (sessnode.Value, bool) {
	if s.standing != live || s.changes.wipe {
		return sessnode.Value{}, false
	}
	v, there := s.stored.Attrs[name]
	return v, there
}

func encode(v any) (sessnode.Value, error) {
	if value, ok := v.(sessnode.Value); ok {
		return value, nil
	}
	return client.JSON(v)
}

func same(a, b sessnode.Value) bool { return a.Codec == b.Codec && bytes.Equal(a.Data, b.Data) }
