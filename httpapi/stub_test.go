package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/httpapi"
)

var _ httpapi.Store = (*stub)(nil)

// stub is a store that writes down what it is asked, and answers with one session or one error. What a store does is held
// by the conformance suite of sessnodetest; here it is about what reaches it and how its answers look.
type stub struct {
	mu      sync.Mutex
	written []sessnode.Mutation
	reads   []sessnode.Read
	asked   []string

	session sessnode.Session
	values  map[string]sessnode.Value // of every effect
	count   uint64
	err     error
	events  []told
	queries []sessnode.EventQuery // of events
	checks  []sessnode.Check
	fresh   bool                  // the node has just started and has no state yet
	hook    func(context.Context) // called by every question, outside of the lock
}

var (
	noon  = time.Date(2026, 1, 31, 12, 0, 0, 5, time.UTC)
	at    = sessnode.Position{Generation: 2, Index: 71}
	anID  = sessnode.ID{1, 2, 3}
	token = sessnode.Token("tok-0123456789abcdefghijklmnopqrstuvw")
)

func jsonValue(s string) sessnode.Value { return sessnode.Value{Codec: sessnode.JSON, Data: []byte(s)} }

func newStub() *stub {
	return &stub{
		session: sessnode.Session{
			App: "web", ID: anID, Subject: "ada", Version: 7, Created: noon, Authenticated: noon.Add(time.Second), Touched: noon,
			IdleDeadline: noon.Add(time.Hour), End: noon.Add(time.Hour * 12), Device: sessnode.Device{IP: "::1"},
			Timeouts: sessnode.Timeouts{Idle: 1500 * time.Millisecond},
			Attrs: map[string]sessnode.Value{
				"n": jsonValue("1.0"), "big": jsonValue("123456789012345678901234567890"), "text": jsonValue(`"\u00e4 "`),
				"m": {Codec: sessnode.Msgpack, Data: []byte{0x93, 1, 2, 3}}, "b": {Codec: sessnode.Bytes, Data: []byte{0xff}},
			},
		},
		count:  3,
		checks: []sessnode.Check{{Name: "leader", OK: true}, {Name: "storage", OK: true, Detail: "12 GiB free"}},
	}
}

func (s *stub) ask(ctx context.Context, what string) error {
	if s.hook != nil {
		s.hook(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, what)
	return s.err
}

func (s *stub) read(ctx context.Context, what string, r sessnode.Read) error {
	err := s.ask(ctx, what)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads = append(s.reads, r)
	return err
}

// changes returns the mutations so far.
func (s *stub) changes() []sessnode.Mutation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written
}

func (s *stub) Write(ctx context.Context, m sessnode.Mutation) (sessnode.Effect, error) {
	err := s.ask(ctx, "write")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = append(s.written, m)
	if err != nil {
		return sessnode.Effect{}, err
	}
	after := s.session
	after.Attrs = nil
	return sessnode.Effect{Session: after, Values: s.values, Count: s.count, At: at}, nil
}

func (s *stub) Session(ctx context.Context, app string, key sessnode.Key, r sessnode.Read) (sessnode.Session, sessnode.Position, error) {
	err := s.read(ctx, "session "+app+" "+key.String(), r)
	return s.session, at, err
}

func (s *stub) SessionByID(ctx context.Context, app string, id sessnode.ID, r sessnode.Read) (sessnode.Session, sessnode.Position, error) {
	err := s.read(ctx, "id "+app+" "+id.String(), r)
	return s.session, at, err
}

func (s *stub) Subject(ctx context.Context, app, subject string, _ bool, r sessnode.Read) ([]sessnode.Session, sessnode.Position, error) {
	err := s.read(ctx, "subject "+app+" "+subject, r)
	return []sessnode.Session{s.session}, at, err
}

func (s *stub) Sessions(ctx context.Context, app, cursor string, r sessnode.Read) (sessnode.Page, sessnode.Position, error) {
	err := s.read(ctx, "sessions "+app+" "+cursor, r)
	return sessnode.Page{Sessions: []sessnode.Session{s.session}, Next: "more"}, at, err
}

func (s *stub) Why(ctx context.Context, app string, id sessnode.ID, subject string) ([]sessnode.Ended, sessnode.Position, error) {
	err := s.ask(ctx, "why "+app+" "+id.String()+" "+subject)
	return []sessnode.Ended{{App: app, ID: anID, Subject: "ada", Reason: sessnode.ReasonRevoked, Actor: "token", Node: "n1", At: noon, Index: 9}}, at, err
}

func (s *stub) App(ctx context.Context, name string) (sessnode.AppInfo, sessnode.Position, error) {
	err := s.ask(ctx, "app "+name)
	return sessnode.AppInfo{Name: name, Declared: true, Policy: sessnode.DefaultPolicy(), Sessions: 2, Bytes: 99}, at, err
}

func (s *stub) Apps(ctx context.Context) ([]sessnode.AppInfo, sessnode.Position, error) {
	err := s.ask(ctx, "apps")
	return []sessnode.AppInfo{{Name: "web", Policy: sessnode.DefaultPolicy()}}, at, err
}

func (s *stub) Status(context.Context) sessnode.Status {
	return sessnode.Status{Cluster: "c", Generation: 2, Node: "n1", Leader: "n1", Now: noon, Members: []sessnode.Member{{ID: "n1", Voter: true}}}
}

func (s *stub) Transfer(ctx context.Context, to string) error { return s.ask(ctx, "transfer "+to) }
func (s *stub) Ready() []sessnode.Check                       { return s.checks }
func (s *stub) Position() sessnode.Position {
	if s.fresh {
		return sessnode.Position{}
	}
	return at
}

// Events answers with the pages that were prepared, one a call; after the last it waits for the reader to go.
func (s *stub) Events(ctx context.Context, q sessnode.EventQuery, wait time.Duration) (sessnode.EventPage, error) {
	if err := s.ask(ctx, "events "+q.App+" "+q.Subject+" after "+q.After); err != nil {
		return sessnode.EventPage{}, err
	}
	s.mu.Lock()
	s.queries = append(s.queries, q)
	if len(s.events) > 0 {
		next := s.events[0]
		s.events = s.events[1:]
		s.mu.Unlock()
		return next.page, next.err
	}
	s.mu.Unlock()
	if wait > 0 {
		<-ctx.Done()
		return sessnode.EventPage{}, sessnode.Errorf(sessnode.CodeUnavailable, "", "the reader is gone")
	}
	return sessnode.EventPage{Next: at.String()}, nil
}

// told is one answer of Events.
type told struct {
	page sessnode.EventPage
	err  error
}

// Remove notes who.
func (s *stub) Remove(ctx context.Context, who string) error { return s.ask(ctx, "remove "+who) }

// Leave notes that it was asked.
func (s *stub) Leave(ctx context.Context) error { return s.ask(ctx, "leave") }

// SetDrained notes whether, and for how long.
func (s *stub) SetDrained(ctx context.Context, drained bool, limit time.Duration) error {
	return s.ask(ctx, fmt.Sprint("drain ", drained, " for ", limit))
}

// Backup streams what stands for one, or refuses.
func (s *stub) Backup(ctx context.Context) (func(io.Writer) error, sessnode.Position, error) {
	if err := s.ask(ctx, "backup"); err != nil {
		return nil, sessnode.Position{}, err
	}
	return func(w io.Writer) error {
		_, err := io.WriteString(w, "all sessions")
		return err
	}, at, nil
}
