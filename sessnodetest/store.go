package sessnodetest

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

const (
	generation = 1
	nodeName   = "memory"
	version    = "sessnodetest"

	// tickLimit bounds how many entries one Advance may need to remove what is due; it only guards against a state
	// machine that never finishes.
	tickLimit = 1 << 20
)

// Store is the state machine behind the interface that the HTTP API asks of a node. Every change is one log entry,
// applied at once; every read is linearizable.
type Store struct {
	strict bool
	faults faults

	mu      sync.Mutex // guards everything below, and keeps entries in order
	machine *fsm.Machine
	index   uint64
	now     time.Time
	changed chan struct{} // closed by the next entry
}

// NewStore returns an empty store whose clock stands at start. With strict, apps must be declared before use.
func NewStore(start time.Time, strict bool) *Store {
	s := &Store{strict: strict, machine: fsm.New(), now: start, changed: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.apply(sessnode.Mutation{Change: sessnode.Found{Generation: generation, Cluster: "memory"}}); err != nil {
		panic("sessnodetest: an empty state refuses to begin: " + err.Error())
	}
	return s
}

// Now returns cluster time.
func (s *Store) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Advance moves cluster time forward and ends what is due. It panics for a negative d: cluster time never goes back.
func (s *Store) Advance(d time.Duration) {
	if d < 0 {
		panic("sessnodetest: time does not go back")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
	s.settle()
}

// settle applies entries without operations until nothing is due.
func (s *Store) settle() {
	for range tickLimit {
		s.entry(nil)
		if _, backlog := s.machine.Due(); !backlog {
			return
		}
	}
	panic("sessnodetest: the state machine never gets done with what is due")
}

// Write makes one change. Errors are those of the state machine, and those that FailNext ordered.
func (s *Store) Write(ctx context.Context, m sessnode.Mutation) (sessnode.Effect, error) {
	if err := alive(ctx); err != nil {
		return sessnode.Effect{}, err
	}
	fault := s.faults.take()
	if err := fault.before(); err != nil {
		return sessnode.Effect{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.Node, m.Strict = nodeName, m.Strict || s.strict
	if create, ok := m.Change.(sessnode.Create); ok && create.ID.IsZero() {
		create.ID = sessnode.NewID()
		m.Change = create
	}
	effect, err := s.apply(m)
	if lost := fault.after(); lost != nil {
		return sessnode.Effect{}, lost
	}
	return effect, err
}

// apply makes one change, at a moment of its own: cluster time never stands still from one change to the next.
func (s *Store) apply(m sessnode.Mutation) (sessnode.Effect, error) {
	op, err := fsm.EncodeOp(fsm.Op{Mutation: m})
	if err != nil {
		return sessnode.Effect{}, err
	}
	s.now = s.now.Add(time.Nanosecond)
	result := s.entry([][]byte{op})[0]
	if err := result.Err(); err != nil {
		return sessnode.Effect{}, err
	}
	return result.Effect, nil
}

func (s *Store) entry(ops [][]byte) []fsm.Result {
	s.index++
	batch := fsm.EncodeBatch(fsm.Header{Generation: generation, Stamp: s.now.UnixNano()}, ops)
	results, _, err := s.machine.Apply(s.index, batch)
	if err != nil {
		panic("sessnodetest: the state machine refuses its own log: " + err.Error())
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return results
}

// Session finds a session by its token's key, and records the activity where it is old enough to count.
func (s *Store) Session(ctx context.Context, app string, key sessnode.Key, r sessnode.Read) (sessnode.Session, sessnode.Position, error) {
	if err := s.readable(ctx, r); err != nil {
		return sessnode.Session{}, s.Position(), err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.machine.Lookup(app, key)
	if err == nil && !r.NoTouch && (found.FirstUse || s.now.Sub(found.Session.Touched) >= found.Resolution) {
		touch := sessnode.Touch{Touches: []sessnode.TouchAt{{App: app, Key: key, At: s.now}}}
		if _, err := s.apply(sessnode.Mutation{Change: touch}); err != nil {
			return sessnode.Session{}, found.At, err
		}
		found, err = s.machine.Lookup(app, key)
	}
	return found.Session, found.At, err
}

// SessionByID finds a session by its public name.
func (s *Store) SessionByID(ctx context.Context, app string, id sessnode.ID, r sessnode.Read) (sessnode.Session, sessnode.Position, error) {
	if err := s.readable(ctx, r); err != nil {
		return sessnode.Session{}, s.Position(), err
	}
	found, err := s.machine.ByID(app, id)
	return found.Session, found.At, err
}

// Subject lists a subject's sessions.
func (s *Store) Subject(ctx context.Context, app, subject string, attrs bool, r sessnode.Read) ([]sessnode.Session, sessnode.Position, error) {
	if err := s.readable(ctx, r); err != nil {
		return nil, s.Position(), err
	}
	list, at, _ := s.machine.Subject(app, subject, attrs)
	return list, at, nil
}

// Sessions lists one page of an app's sessions.
func (s *Store) Sessions(ctx context.Context, app, cursor string, r sessnode.Read) (sessnode.Page, sessnode.Position, error) {
	if err := s.readable(ctx, r); err != nil {
		return sessnode.Page{}, s.Position(), err
	}
	page, at, _, err := s.machine.Page(app, cursor, sessnode.PageSize)
	return page, at, err
}

// Why lists what is remembered of ended sessions.
func (s *Store) Why(ctx context.Context, app string, id sessnode.ID, subject string) ([]sessnode.Ended, sessnode.Position, error) {
	if err := s.readable(ctx, sessnode.Read{}); err != nil {
		return nil, s.Position(), err
	}
	return s.machine.Why(app, id, subject), s.Position(), nil
}

// App returns one app.
func (s *Store) App(ctx context.Context, name string) (sessnode.AppInfo, sessnode.Position, error) {
	if err := s.readable(ctx, sessnode.Read{}); err != nil {
		return sessnode.AppInfo{}, s.Position(), err
	}
	return s.machine.App(name), s.Position(), nil
}

// Apps lists all apps.
func (s *Store) Apps(ctx context.Context) ([]sessnode.AppInfo, sessnode.Position, error) {
	if err := s.readable(ctx, sessnode.Read{}); err != nil {
		return nil, s.Position(), err
	}
	return s.machine.Apps(), s.Position(), nil
}

// readable refuses a read that FailNext ordered to fail, or that asks for what will never be.
func (s *Store) readable(ctx context.Context, r sessnode.Read) error {
	if err := alive(ctx); err != nil {
		return err
	}
	if s.faults.take() != none {
		return unavailable()
	}
	at := s.Position()
	switch {
	case r.Min == (sessnode.Position{}):
		return nil
	case r.Min.Generation != at.Generation:
		return sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonGeneration, "the position is of another life of the store")
	case r.Min.Index > at.Index:
		return sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonBehind, "the position was never reached")
	}
	return nil
}

func alive(ctx context.Context) error {
	if ctx.Err() != nil {
		return sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonTooLate, "the request was given up")
	}
	return nil
}

// Status describes the store as a cluster of one.
func (s *Store) Status(context.Context) sessnode.Status {
	st := s.machine.Stats()
	return sessnode.Status{
		Cluster: st.Cluster, Generation: st.Generation, Node: nodeName, Leader: nodeName, Term: 1, Now: s.Now(),
		Commit: st.Applied, Applied: st.Applied, StateHash: fmt.Sprintf("%x", st.Hash[:]),
		Sessions: st.Sessions, Bytes: st.Bytes, Budget: st.Budget,
		Members: []sessnode.Member{{ID: nodeName, Name: nodeName, Voter: true, Leader: true, Alive: true, Applied: st.Applied, Version: version}},
	}
}

// Transfer succeeds where there is nothing to do.
func (s *Store) Transfer(_ context.Context, to string) error {
	if to == "" || to == nodeName {
		return nil
	}
	return sessnode.Errorf(sessnode.CodeInvalid, "", "there is no node of the %d characters given: the only one is %s", len(to), strconv.Quote(nodeName))
}

// Remove has nobody to remove.
func (s *Store) Remove(_ context.Context, who string) error {
	if who == nodeName {
		return s.Leave(context.Background())
	}
	return sessnode.Errorf(sessnode.CodeInvalid, "", "there is no node of the %d characters given: the only one is %s", len(who), strconv.Quote(nodeName))
}

// Leave is refused: the store would be gone.
func (s *Store) Leave(context.Context) error {
	return sessnode.Errorf(sessnode.CodeConflict, "", "this is the only voter: without it there is no cluster")
}

// SetDrained changes nothing: there is nobody else to do the work.
func (s *Store) SetDrained(context.Context, bool, time.Duration) error { return nil }

// Backup is refused: what is in memory for a test is not worth keeping.
func (s *Store) Backup(context.Context) (func(io.Writer) error, sessnode.Position, error) {
	return nil, sessnode.Position{}, sessnode.Errorf(sessnode.CodeConflict, "", "a store in the memory of a test has no backups")
}

// Ready is always ready.
func (s *Store) Ready() []sessnode.Check {
	return []sessnode.Check{{Name: "memory", OK: true, Detail: "a store in memory is always ready"}}
}

// Position returns how far the log goes.
func (s *Store) Position() sessnode.Position {
	at, _ := s.machine.At()
	return at
}
