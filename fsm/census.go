package fsm

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/sessnode/sessnode"
)

// Census counts one app's sessions as they would be at a moment.
type Census struct {
	App      string
	Live     uint64 // sessions that would be served
	Expired  uint64 // that are stored, and would have ended by time
	Subjects uint64 // different subjects of the live ones
}

// Census counts the sessions of each app at a cluster time, in ns, that is not before the committed one; 0 means the committed one. It
// looks at every session, and Apply waits meanwhile: for offline tools.
func (m *Machine) Census(at int64) []Census {
	m.mu.RLock()
	defer m.mu.RUnlock()
	at = max(at, m.now)
	counts := make([]Census, len(m.apps))
	subjects := make([]map[string]struct{}, len(m.apps))
	for i, a := range m.apps {
		counts[i].App, subjects[i] = a.name, map[string]struct{}{}
	}
	m.sessions.All(func(handle uint32) bool {
		r := m.sessions.stored(handle)
		switch {
		case r.serial <= m.apps[r.app].revokedTo:
		case at >= m.effective(&r):
			counts[r.app].Expired++
		default:
			counts[r.app].Live++
			if _, counted := subjects[r.app][r.subject]; !counted && r.subject != "" {
				subjects[r.app][strings.Clone(r.subject)] = struct{}{}
			}
		}
		return true
	})
	for i := range counts {
		counts[i].Subjects = uint64(len(subjects[i]))
	}
	slices.SortFunc(counts, func(a, b Census) int { return cmp.Compare(a.App, b.App) })
	return counts
}

// LiveIDs returns which of some sessions are live at the committed cluster time, with the app of each, ordered by id.
func (m *Machine) LiveIDs(among []sessnode.ID) []Named {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []Named
	for _, id := range among {
		if r, stored := m.sessionOf(id); stored && m.deathOf(&r) == "" {
			list = append(list, Named{m.apps[r.app].name, id})
		}
	}
	slices.SortFunc(list, func(a, b Named) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return slices.Compact(list)
}

// Named is a session by its public name.
type Named struct {
	App string
	ID  sessnode.ID
}
