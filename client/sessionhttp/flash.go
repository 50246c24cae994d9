package sessionhttp

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// flashPrefix begins the names of attributes that are flash messages. Each message has its own, so that parallel requests that
// add some lose none.
const flashPrefix = "_flash."

// Flash is a message for the next page.
type Flash struct {
	Kind string `json:"kind"` // for its looks: "ok", "error", ...
	Text string `json:"text"`
}

// Flash leaves a message for the next page that calls Flashes, usually the one that this request redirects to.
func (s *Session) Flash(kind, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = true
	value, err := encode(Flash{kind, text})
	if err != nil { // strings always have a JSON form
		s.changes.refuse(err)
		return
	}
	s.changes.put(s.flashName(), value)
}

// flashName makes a name that sorts by time, and that no other request will make.
func (s *Session) flashName() string {
	return fmt.Sprintf("%s%016x%04x%08x", flashPrefix, time.Now().UnixNano(), len(s.changes.set), rand.Uint32())
}

// Flashes takes the messages out of the session and returns them, oldest first: of parallel requests that ask for one, exactly one
// gets it. It asks the store only where there are any.
//
// Where the answer of the store is lost, so is the message: it is never shown twice.
func (s *Session) Flashes() []Flash {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.need()
	taken := s.popFlashes()
	for name, value := range s.changes.set { // those of this very request
		if strings.HasPrefix(name, flashPrefix) {
			taken[name] = value
			delete(s.changes.set, name)
		}
	}
	return flashesOf(taken)
}

// popFlashes takes the messages that are stored. s.mu is held.
func (s *Session) popFlashes() map[string]sessnode.Value {
	taken := make(map[string]sessnode.Value)
	names := s.flashNames()
	if len(names) == 0 {
		return taken
	}
	got, err := s.m.client.Pop(s.lasting(), s.token, names)
	switch {
	case err == nil:
		maps.Copy(taken, got.Values)
		for _, name := range names {
			delete(s.stored.Attrs, name)
		}
		got.Attrs = s.stored.Attrs
		s.stored = got
	case errors.Is(err, sessnode.ErrNotFound):
		s.overtake()
	default:
		s.m.report(s.r, "flash messages not taken", err)
		s.stop(err)
	}
	return taken
}

func (s *Session) flashNames() []string {
	var names []string
	if s.standing != live || s.changes.wipe {
		return nil
	}
	for name := range s.stored.Attrs {
		if strings.HasPrefix(name, flashPrefix) {
			names = append(names, name)
		}
	}
	return names
}

func flashesOf(values map[string]sessnode.Value) []Flash {
	var all []Flash
	for _, name := range slices.Sorted(maps.Keys(values)) {
		var f Flash
		if client.Decode(values[name], &f) == nil {
			all = append(all, f)
		}
	}
	return all
}
