package fsm

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/slab"
)

// Machine is the state of all sessions. New and Restore make it; Apply changes it.
type Machine struct {
	mu sync.RWMutex // guards everything below

	// Replicated: in the state hash and in snapshots.
	generation uint64
	cluster    string
	budget     uint64 // bytes; 0 = none
	now        int64  // cluster time, ns
	serial     uint64 // the last one given
	apps       []*app // by number
	sessions   *sessions
	tombstones *tombstones
	window     *window
	hash       Hash // of all records, tombstones, remembered operations and apps

	arena *slab.Arena // memory of the three; what it gave must not leave the lock

	// Derived from the above.
	index       uint64
	appByName   map[string]*app
	busy        []uint32 // apps with sessions to remove or to give a new deadline, in order
	bytes       uint64   // of sessions and tombstones
	windowBytes uint64
	history     history
	events      events
	stats       Counters
	buf         []byte // for what is to be stored
	attrs       []attr // for those of a patch; empty
	ahead       ahead
	life        atomic.Uint64 // generation, for who holds no lock
}

// Counters count what this process applied since it started. They are not replicated.
type Counters struct {
	Created, Expired, Revoked, Evicted, Rotated, Touched, Replays uint64
}

// New returns the empty state, which accepts nothing but sessnode.Found.
func New() *Machine {
	a := slab.NewArena()
	return &Machine{arena: a, sessions: newSessions(a), tombstones: newTombstones(a), window: newWindow(a), appByName: make(map[string]*app)}
}

// Mismatch says that the leader's checkpoint differs from this replica's own hash at the same index.
type Mismatch struct {
	Index         uint64
	Leader, Local Hash
}

// Apply applies one log entry and returns a result for each of its operations. An error is fatal, and nothing was changed: an
// unknown format, another generation, an index that was applied before. The node must stop.
func (m *Machine) Apply(index uint64, data []byte) ([]Result, *Mismatch, error) {
	h, ops, err := decodeBatch(data, true)
	if err != nil {
		return nil, nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if index <= m.index {
		return nil, nil, fmt.Errorf("log entry %d comes after %d was applied", index, m.index)
	}
	if err := m.admit(h, ops); err != nil {
		return nil, nil, err
	}
	m.index = index
	m.now = max(m.now, h.Stamp)
	m.clean()
	results := make([]Result, len(ops))
	for i := range ops {
		if i%aheadOps == 0 {
			m.lookAhead(ops[i:min(i+aheadOps, len(ops))])
		}
		results[i] = m.once(&ops[i], &m.ahead.keys[i%aheadOps])
	}
	m.history.add(index, m.total())
	m.events.closeEntry(m.generation)
	m.sessions.Gather(gatherLook+4*len(ops), gatherMost+len(ops)/4)
	m.tombstones.Gather(gatherLook+len(ops), gatherMost)
	m.arena.Flush() // from here on, nothing of what was read above is used any more
	return results, m.compare(h.Check), nil
}

// How much of the memory one entry sets in order, besides what depends on its operations. Where a record lies is no part of the state.
const (
	gatherLook = 16
	gatherMost = 4
)

// admit refuses an entry of another life of the cluster. Only Found begins one.
func (m *Machine) admit(h Header, ops []Op) error {
	if len(ops) == 1 {
		if found, isFound := ops[0].Change.(sessnode.Found); isFound && found.Generation == h.Generation && h.Generation != 0 {
			return nil
		}
	}
	if h.Generation != m.generation || h.Generation == 0 {
		return fmt.Errorf("log entry of generation %x, this state is of generation %x: the data directory belongs to another life of the cluster", h.Generation, m.generation)
	}
	return nil
}

// Skip records that an entry without operations (one of Raft's own) was applied.
func (m *Machine) Skip(index uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if index > m.index {
		m.index = index
		m.history.add(index, m.total())
	}
}

// At returns the applied position and committed cluster time in ns.
func (m *Machine) At() (sessnode.Position, int64) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.position(), m.now
}

// Generation is that of At, and never waits for an entry that is being applied.
func (m *Machine) Generation() uint64 { return m.life.Load() }

func (m *Machine) position() sessnode.Position {
	return sessnode.Position{Generation: m.generation, Index: m.index}
}

// once makes an operation unless it was made before. k is where the window keeps it, if it has an id.
func (m *Machine) once(op *Op, k *opKey) Result {
	if op.OpID.IsZero() {
		if err := m.inTime(op); err != nil {
			return refuse(err)
		}
		return m.make(op)
	}
	old, found := m.window.find(k)
	if found {
		if res, done := m.recall(op, old); done {
			return res // also after the deadline: "too late" would say that it was not made
		}
	}
	if err := m.inTime(op); err != nil {
		return refuse(err)
	}
	if m.windowBytes >= WindowBytes {
		return refuse(sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonWindowFull, "too many operation ids of the last %v", sessnode.OpWindow))
	}
	res := m.make(op)
	m.remember(op, k, old, &res)
	return res
}

func (m *Machine) inTime(op *Op) *sessnode.Error {
	if op.NotAfter != 0 && m.now > op.NotAfter {
		return sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonTooLate, "the change reached the log after its deadline")
	}
	return nil
}

// make dispatches an operation by its change.
func (m *Machine) make(op *Op) Result {
	if op.Strict && (m.appByName[op.App] == nil || !m.appByName[op.App].declared) {
		if _, declares := op.Change.(sessnode.PutPolicy); !declares {
			return refuse(sessnode.Errorf(sessnode.CodeUnknownApp, "", "app %q was never declared: PUT /v1/apps/%s with its policy first", op.App, op.App))
		}
	}
	var res Result
	switch c := op.Change.(type) {
	case sessnode.Create:
		res = m.create(op, c)
	case sessnode.Patch:
		res = m.patch(op, c)
	case sessnode.Replace:
		res = m.replace(op, c)
	case sessnode.Pop:
		res = m.pop(op, c)
	case sessnode.Touch:
		res = m.touchAll(c)
	case sessnode.TouchOne:
		res = m.touchOne(op, c)
	case sessnode.Rotate:
		res = m.rotate(op, c)
	case sessnode.Revoke:
		res = m.revoke(op, c)
	case sessnode.RevokeID:
		res = m.revokeID(op, c)
	case sessnode.RevokeSubject:
		res = m.revokeSubject(op, c)
	case sessnode.RevokeApp:
		res = m.revokeApp(op)
	case sessnode.PutPolicy:
		res = m.putPolicy(op, c)
	case sessnode.DropApp:
		res = m.dropApp(op)
	case sessnode.SetBudget:
		m.budget = c.Bytes
	case sessnode.Found:
		m.begin(c)
	}
	res.Effect.At = m.position()
	return res
}

// begin starts a life of the cluster. Ids of events name the generation, so those of the life before end here.
func (m *Machine) begin(c sessnode.Found) {
	m.generation, m.cluster, m.budget = c.Generation, strings.Clone(c.Cluster), c.Budget
	m.life.Store(m.generation)
	m.events.lose(m.position(), sessnode.ReasonGeneration)
}
