package gossip

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// The dead are remembered for the operator and for reconnecting, within bounds.
const (
	rememberDead    = 24 * time.Hour
	rememberDeadMax = 64
)

// entry is what is known of one other node.
type entry struct {
	member   Member // Alive is kept up to date
	addr     string // host:port of its gossip
	diedWhen time.Time
}

// table is this package's own copy of who is known: the nodes that memberlist returns may change under the reader.
type table struct {
	mu      sync.Mutex
	self    Member
	meta    []byte // self, encoded
	others  map[string]entry
	changed chan struct{} // closed and replaced at each change
}

func newTable(self Member, meta []byte) *table {
	return &table{self: self, meta: meta, others: make(map[string]entry), changed: make(chan struct{})}
}

// setSelf reports whether anything that others see is new.
func (t *table) setSelf(self Member, meta []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if string(meta) == string(t.meta) {
		return false
	}
	t.self, t.meta = self, meta
	t.notify()
	return true
}

func (t *table) selfMember() Member {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.self
}

func (t *table) selfMeta() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.meta
}

// put records that m is alive at the gossip address addr.
func (t *table) put(m Member, addr string) {
	m.Alive = true
	t.mu.Lock()
	defer t.mu.Unlock()
	if m.ID == t.self.ID {
		return
	}
	next := entry{member: m, addr: addr}
	if t.others[m.ID] == next {
		return
	}
	t.others[m.ID] = next
	t.notify()
}

// died records that memberlist gave the node up, or that it left.
func (t *table) died(id string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, known := t.others[id]
	if !known || !e.member.Alive {
		return
	}
	e.member.Alive, e.diedWhen = false, now
	t.others[id] = e
	t.forget(now)
	t.notify()
}

// forget drops the dead that are too old or too many. The caller holds mu.
func (t *table) forget(now time.Time) {
	var dead []entry
	for _, e := range t.others {
		if !e.member.Alive {
			dead = append(dead, e)
		}
	}
	slices.SortFunc(dead, func(a, b entry) int { return b.diedWhen.Compare(a.diedWhen) })
	for i, e := range dead {
		if i >= rememberDeadMax || now.Sub(e.diedWhen) > rememberDead {
			delete(t.others, e.member.ID)
		}
	}
}

// members returns this node and all known nodes that are not foreign to it, ordered by id.
func (t *table) members() []Member {
	t.mu.Lock()
	defer t.mu.Unlock()
	self := t.self
	self.Alive = true
	all := []Member{self}
	for _, e := range t.others {
		if !foreign(self, e.member) {
			all = append(all, e.member)
		}
	}
	slices.SortFunc(all, func(a, b Member) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// addresses returns the gossip addresses of the living and of the dead.
func (t *table) addresses() (living map[string]bool, dead []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	living = make(map[string]bool)
	for _, e := range t.others {
		if e.member.Alive {
			living[e.addr] = true
		} else {
			dead = append(dead, e.addr)
		}
	}
	return living, dead
}

// changes returns a channel that is closed at the next change.
func (t *table) changes() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

// notify wakes everyone who waits. The caller holds mu.
func (t *table) notify() {
	close(t.changed)
	t.changed = make(chan struct{})
}
