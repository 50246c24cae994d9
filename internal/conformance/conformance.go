// Package conformance is the one suite that every store with sessnode's API must pass: the fake of package sessnodetest
// and a cluster of real processes alike. Each test is a promise that shows at the API.
//
// It is part of tests and imports testing. It knows nodes through package client only.
package conformance

import (
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// Target is a running store.
type Target struct {
	// Clients has one client for each node, with an operator's key where keys are asked for. Tests go round, so that a
	// write at one node is read at another.
	Clients []*client.Client

	// Advance moves the store's clock. nil = the clock is real: tests about time wait, and run beside each other.
	Advance func(time.Duration)

	// Strict says that apps must be declared before use.
	Strict bool
}

// Run runs the suite. open is called for every test, and may return the same target each time: tests use apps of their
// own.
func Run(t *testing.T, open func(*testing.T) Target) {
	for _, suite := range []struct {
		name   string
		claims []claim
	}{
		{"create", creating}, {"read", reading}, {"patch", patching}, {"replace", replacing}, {"pop", popping},
		{"values", values}, {"rotate", rotating}, {"revoke", revoking}, {"subjects", subjects}, {"policy", policies},
		{"time", timing}, {"once", onceOnly}, {"lists", listing}, {"events", following},
	} {
		t.Run(suite.name, func(t *testing.T) {
			for _, c := range suite.claims {
				t.Run(c.name, func(t *testing.T) {
					target := open(t)
					if len(target.Clients) == 0 {
						t.Fatal("the target has no node")
					}
					if target.Advance == nil {
						t.Parallel()
					}
					c.holds(&env{T: t, Target: target, app: freshApp()})
				})
			}
		})
	}
}

// claim is one promise.
type claim struct {
	name  string
	holds func(*env)
}

// env is what one test works with: an app of its own.
type env struct {
	*testing.T
	Target
	app  string
	turn int
}

// on returns a client of the next node.
func (e *env) on() *client.Client {
	e.turn++
	return e.Clients[e.turn%len(e.Clients)].In(e.app)
}

// freshApp names an app that no other run has used.
func freshApp() string {
	id := sessnode.NewID()
	return "conformance-" + hex.EncodeToString(id[:8])
}

// pass lets cluster time pass.
func (e *env) pass(d time.Duration) {
	if e.Advance != nil {
		e.Advance(d)
		return
	}
	select {
	case <-time.After(d):
	case <-e.Context().Done():
		e.Fatal("the test ended while time passed")
	}
}

// declare gives the app the default policy with changes.
func (e *env) declare(change func(*sessnode.Policy)) {
	e.Helper()
	p := sessnode.DefaultPolicy()
	change(&p)
	if _, err := e.on().PutPolicy(e.Context(), p); err != nil {
		e.Fatalf("PutPolicy = %v", err)
	}
}

func unchanged(*sessnode.Policy) {}

// begin declares the app with the default policy and creates a session.
func (e *env) begin(in client.Create) (sessnode.Token, *client.Session) {
	e.Helper()
	e.declare(unchanged)
	return e.create(in)
}

func (e *env) create(in client.Create) (sessnode.Token, *client.Session) {
	e.Helper()
	token, s, err := e.on().Create(e.Context(), in)
	if err != nil {
		e.Fatalf("Create = %v", err)
	}
	return token, s
}

func (e *env) read(token sessnode.Token, opts ...client.CallOption) *client.Session {
	e.Helper()
	s, err := e.on().Read(e.Context(), token, opts...)
	if err != nil {
		e.Fatalf("Read = %v", err)
	}
	return s
}

func (e *env) patch(token sessnode.Token, edit sessnode.Edit) *client.Session {
	e.Helper()
	s, err := e.on().Patch(e.Context(), token, edit)
	if err != nil {
		e.Fatalf("Patch = %v", err)
	}
	return s
}

func (e *env) rotate(token sessnode.Token, in client.Rotation) (sessnode.Token, *client.Session) {
	e.Helper()
	fresh, s, err := e.on().Rotate(e.Context(), token, in)
	if err != nil {
		e.Fatalf("Rotate = %v", err)
	}
	return fresh, s
}

func (e *env) revoke(token sessnode.Token) {
	e.Helper()
	if err := e.on().Revoke(e.Context(), token); err != nil {
		e.Fatalf("Revoke = %v", err)
	}
}

// is checks an error, and its reason unless reason is empty.
func (e *env) is(what string, err, want error, reason string) {
	e.Helper()
	if !errors.Is(err, want) || reason != "" && sessnode.ReasonOf(err) != reason {
		e.Errorf("%s = %v, want %v %s", what, err, want, reason)
	}
}

// ok checks that there is no error.
func (e *env) ok(what string, err error) {
	e.Helper()
	if err != nil {
		e.Errorf("%s = %v, want nil", what, err)
	}
}

// gone checks at every node that a token opens nothing, and why.
func (e *env) gone(token sessnode.Token, reason string) {
	e.Helper()
	for range e.Clients {
		_, err := e.on().Read(e.Context(), token)
		e.is("Read of an ended session", err, sessnode.ErrNotFound, reason)
	}
}

// attr checks an attribute's text; the empty text stands for absent.
func (e *env) attr(s *client.Session, name, want string) {
	e.Helper()
	if got := string(s.Attrs[name].Data); got != want {
		e.Errorf("attribute %q = %q, want %q", name, got, want)
	}
}

func text(s string) sessnode.Value { return sessnode.Value{Codec: sessnode.JSON, Data: []byte(s)} }

func set(name, value string) sessnode.Edit {
	return sessnode.Edit{Set: map[string]sessnode.Value{name: text(value)}}
}

func attrs(pairs ...string) map[string]sessnode.Value {
	m := map[string]sessnode.Value{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = text(pairs[i+1])
	}
	return m
}

func ptr[T any](v T) *T { return &v }
