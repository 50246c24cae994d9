package gorillastore

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gorilla/sessions"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/internal/govalue"
)

// keyPrefix begins the attribute's name of a key that is no plain string.
const keyPrefix = "_key."

// fill puts the attributes into Values. What has no form in Go was written by another client, and stays where it is.
func (s *Store) fill(session *sessions.Session, attrs map[string]sessnode.Value) error {
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		v, ok, err := govalue.Decode(attrs[name])
		if err != nil {
			return invalid("attribute %q: %v", name, err)
		}
		if !ok {
			continue
		}
		if key, isFlash := flashKey(name); isFlash {
			list, _ := session.Values[key].([]any)
			session.Values[key] = append(list, v)
			continue
		}
		key, err := keyOf(name)
		if err != nil {
			return err
		}
		session.Values[key] = v
	}
	return nil
}

// attrs are the entries of Values as attributes; those that are flash messages are not among them.
func (s *Store) attrs(session *sessions.Session) (map[string]sessnode.Value, error) {
	attrs := make(map[string]sessnode.Value, len(session.Values))
	for key, v := range session.Values {
		if text, ok := key.(string); ok && s.isFlash(text, v) {
			continue
		}
		name, err := nameOf(key)
		if err != nil {
			return nil, err
		}
		if attrs[name], err = encode(name, v); err != nil {
			return nil, err
		}
	}
	return attrs, nil
}

// nameOf is the attribute's name of a key of Values.
func nameOf(key any) (string, error) {
	if text, ok := key.(string); ok && text != "" && utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0 &&
		!strings.HasPrefix(text, keyPrefix) && !strings.HasPrefix(text, flashPrefix) {
		return text, nil
	}
	value, err := govalue.Encode(key)
	if err != nil {
		return "", invalid("a key of Values: %v", err)
	}
	return keyPrefix + strconv.Itoa(int(value.Codec)) + base64.RawURLEncoding.EncodeToString(value.Data), nil
}

// keyOf reads what nameOf wrote.
func keyOf(name string) (any, error) {
	coded, ok := strings.CutPrefix(name, keyPrefix)
	if !ok {
		return name, nil
	}
	if len(coded) > 0 {
		data, err := base64.RawURLEncoding.DecodeString(coded[1:])
		key, ok, decodeErr := govalue.Decode(sessnode.Value{Codec: sessnode.Codec(coded[0] - '0'), Data: data})
		if err == nil && decodeErr == nil && ok && (key == nil || reflect.ValueOf(key).Comparable()) {
			return key, nil
		}
	}
	return nil, invalid("attribute %q names a key of Values that cannot be read: is its type registered?", name)
}

// diff compares attributes with those that were found. What was found and has no form in Go was never in Values, and is not taken away.
func diff(found, attrs map[string]sessnode.Value) sessnode.Edit {
	edit := sessnode.Edit{Set: map[string]sessnode.Value{}}
	for name, v := range attrs {
		if before, there := found[name]; !there || !same(before, v) {
			edit.Set[name] = v
		}
	}
	for name, v := range found {
		if _, kept := attrs[name]; kept {
			continue
		}
		if _, isFlash := flashKey(name); isFlash {
			continue
		}
		if _, ok, err := govalue.Decode(v); ok && err == nil {
			edit.Unset = append(edit.Unset, name)
		}
	}
	return edit
}

// same reports whether two attributes say the same: gob writes maps in any order, and other clients write JSON with spaces.
func same(a, b sessnode.Value) bool {
	if a.Codec == b.Codec && bytes.Equal(a.Data, b.Data) {
		return true
	}
	was, ok, err := govalue.Decode(a)
	is, _, err2 := govalue.Decode(b)
	return ok && err == nil && err2 == nil && reflect.DeepEqual(was, is)
}

// subjectIn reads who is signed in out of an attribute; "" = nobody.
func (s *Store) subjectIn(attrs map[string]sessnode.Value) (string, error) {
	if s.o.SubjectFrom == "" {
		return "", nil
	}
	v, ok, err := govalue.Decode(attrs[s.o.SubjectFrom])
	if !ok || err != nil {
		return "", nil // there is none
	}
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	default:
		return "", invalid("%q says who is signed in: it must be a string or an int, not a %T", s.o.SubjectFrom, v)
	}
}

func encode(name string, v any) (sessnode.Value, error) {
	value, err := govalue.Encode(v)
	if err != nil {
		return value, invalid("%q in Values: %v", name, err)
	}
	return value, nil
}

// invalid is the error of an application's mistake. It wraps sessnode.ErrInvalid.
func invalid(format string, args ...any) error {
	return &sessnode.Error{Op: "session", Detail: fmt.Sprintf(format, args...), Err: sessnode.ErrInvalid}
}
