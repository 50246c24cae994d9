package sessnodetest

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// Option changes how New sets up a Server.
type Option func(*settings)

type settings struct {
	start  time.Time
	strict bool
}

// At sets the time at which the clock stands at first. The default is the time of the call: expiry times that an
// application takes from its own clock then lie in the future here too.
func At(start time.Time) Option { return func(s *settings) { s.start = start } }

// StrictApps refuses apps that were never declared with a policy.
func StrictApps() Option { return func(s *settings) { s.strict = true } }

// Server is a store in memory behind its HTTP API on a loopback port. It asks for no API key.
type Server struct {
	t     testing.TB
	store *Store
	http  *httptest.Server
}

// New starts an empty store, which ends with the test.
func New(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s := settings{start: time.Now().UTC()}
	for _, opt := range opts {
		opt(&s)
	}
	store := NewStore(s.start, s.strict)
	handler, err := newHandler(store)
	if err != nil {
		t.Fatalf("sessnodetest: %v", err)
	}
	server := &Server{t: t, store: store, http: httptest.NewServer(handler)}
	t.Cleanup(func() {
		handler.Drain() // ends the streams of events, which Close would wait for
		server.http.Close()
	})
	return server
}

// URL returns the address for client.New and for other languages' clients.
func (s *Server) URL() string { return s.http.URL }

// Client returns a client for an app, which is closed with the test. It reports the first failure instead of trying
// again, so that FailNext shows at once; pass client.WithTries(0) for the retries of production.
func (s *Server) Client(app string, opts ...client.Option) *client.Client {
	s.t.Helper()
	c, err := client.New(s.URL(), append([]client.Option{client.WithApp(app), client.WithTries(1)}, opts...)...)
	if err != nil {
		s.t.Fatalf("sessnodetest: %v", err)
	}
	s.t.Cleanup(c.Close)
	return c
}

// Now returns the time at which the store's clock stands.
func (s *Server) Now() time.Time { return s.store.Now() }

// Advance moves the store's clock forward. Sessions whose time is over are gone when it returns. It fails the test for a
// negative d: cluster time never goes back.
func (s *Server) Advance(d time.Duration) {
	s.t.Helper()
	if d < 0 {
		s.t.Fatalf("sessnodetest: Advance(%v): time does not go back", d)
	}
	s.store.Advance(d)
}

// FailNext makes the next n requests that reach the store fail with an outcome. Requests that are refused before, for
// instance as invalid, do not count; the tries of a client do.
func (s *Server) FailNext(n int, outcome Outcome) { s.store.faults.add(n, outcome) }

// Position returns how far the store's log goes: for tests that nothing was written.
func (s *Server) Position() sessnode.Position { return s.store.Position() }
