package gorillastore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/internal/govalue"
)

const (
	// flashPrefix begins the names of attributes that are flash messages: prefix, key in hex, dot, a part that sorts by time.
	flashPrefix = "_flashes."

	// defaultFlashKey is gorilla's.
	defaultFlashKey = "_flash"
)

// isFlash reports whether an entry of Values is a list of flash messages.
func (s *Store) isFlash(key string, v any) bool {
	_, isList := v.([]any)
	return isList && (key == defaultFlashKey || slices.Contains(s.o.FlashKeys, key))
}

// flashKey is the key of Values to which the message in an attribute belongs.
func flashKey(name string) (key string, isFlash bool) {
	rest, ok := strings.CutPrefix(name, flashPrefix)
	coded, _, ok2 := strings.Cut(rest, ".")
	text, err := hex.DecodeString(coded)
	return string(text), ok && ok2 && err == nil
}

// flashName makes a name that sorts by time, and that no other request will make.
func flashName(key string, place int) string {
	return fmt.Sprintf("%s%s.%016x%04x%08x", flashPrefix, hex.EncodeToString([]byte(key)), time.Now().UnixNano(), place, rand.Uint32())
}

// flashes compares the messages in Values with those that were found: what is new gets an attribute, what was taken loses its own.
func (s *Store) flashes(session *sessions.Session, found map[string]sessnode.Value, edit *sessnode.Edit) error {
	there := map[string][]string{} // key -> names, oldest first
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if key, isFlash := flashKey(name); isFlash {
			there[key] = append(there[key], name)
		}
	}
	for _, key := range append([]string{defaultFlashKey}, s.o.FlashKeys...) {
		added, kept, err := addedFlashes(session, key, found, there[key])
		if err != nil {
			return err
		}
		for i, value := range added {
			edit.Set[flashName(key, i)] = value
		}
		there[key] = slices.DeleteFunc(there[key], func(name string) bool { return slices.Contains(kept, name) })
	}
	for _, names := range there {
		edit.Unset = append(edit.Unset, names...)
	}
	return nil
}

// addedFlashes tells the messages of a key that this request has added from those that were found under names and are still there.
func addedFlashes(session *sessions.Session, key string, found map[string]sessnode.Value, names []string) (added []sessnode.Value, kept []string, err error) {
	list, _ := session.Values[key].([]any)
	for _, v := range list {
		value, err := encode(key, v)
		if err != nil {
			return nil, nil, err
		}
		i := slices.IndexFunc(names, func(name string) bool { return !slices.Contains(kept, name) && same(found[name], value) })
		if i < 0 {
			added = append(added, value)
			continue
		}
		kept = append(kept, names[i])
	}
	return added, kept, nil
}

// Flashes takes the messages of a key (default "_flash") out of the store and returns them, oldest first: of parallel requests that ask for one,
// exactly one gets it. Unlike Session.Flashes it needs no Save. It asks the store only where there are any.
//
// It returns sessnode.ErrUnavailable, or sessnode.ErrUnknown; then messages may be lost: they are never shown twice. Where the session ended
// meanwhile there are none.
func (s *Store) Flashes(ctx context.Context, session *sessions.Session, vars ...string) ([]any, error) {
	key := defaultFlashKey
	if len(vars) > 0 {
		key = vars[0]
	}
	st := s.state(session)
	if st.failed != nil {
		return nil, st.failed
	}
	names, own := st.flashNames(key), []any(nil)
	var found map[string]sessnode.Value
	if st.standing == live {
		found = st.stored.Attrs
	}
	added, _, err := addedFlashes(session, key, found, names)
	if err != nil {
		return nil, err
	}
	for _, value := range added {
		own = appendMessage(own, value)
	}
	delete(session.Values, key)
	if len(names) == 0 {
		return own, nil
	}
	got, err := s.client.Pop(context.WithoutCancel(ctx), st.token, names)
	if errors.Is(err, sessnode.ErrNotFound) {
		st.end(err)
		return own, nil
	}
	if err != nil {
		return nil, err
	}
	var all []any
	for _, name := range names {
		delete(st.stored.Attrs, name)
		if v, taken := got.Values[name]; taken {
			all = appendMessage(all, v)
		}
	}
	return append(all, own...), nil
}

func appendMessage(list []any, value sessnode.Value) []any {
	if message, ok, err := govalue.Decode(value); ok && err == nil {
		return append(list, message)
	}
	return list
}

// flashNames are the attributes of a key's messages, oldest first.
func (st *state) flashNames(key string) []string {
	var names []string
	if st.standing != live {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(st.stored.Attrs)) {
		if of, isFlash := flashKey(name); isFlash && of == key {
			names = append(names, name)
		}
	}
	return names
}
