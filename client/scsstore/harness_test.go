package scsstore_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/alexedwards/scs/v2"
	"go.uber.org/goleak"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/scsstore"
	"github.com/sessnode/sessnode/sessnodetest"
)

var (
	_ scs.CtxStore         = (*scsstore.Store)(nil)
	_ scs.IterableStore    = (*scsstore.Store)(nil)
	_ scs.IterableCtxStore = (*scsstore.Store)(nil)
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup"))
}

// app is an application with scs, on a store of its own.
type app struct {
	t        *testing.T
	store    *sessnodetest.Server
	client   *client.Client
	sessions *scs.SessionManager
	calls    *counter
	server   *httptest.Server
}

// handler is a page with the session.
type handler func(w http.ResponseWriter, r *http.Request, s *scs.SessionManager)

func run(t *testing.T, o scsstore.Options, pages map[string]handler) *app {
	t.Helper()
	a := &app{t: t, store: sessnodetest.New(t), sessions: scs.New(), calls: &counter{below: client.DefaultTransport()}}
	t.Cleanup(a.calls.below.CloseIdleConnections)
	a.client = a.store.Client("web", client.WithTransport(a.calls))
	a.sessions.Store = scsstore.New(a.client, o)
	a.sessions.ErrorFunc = scsstore.ErrorFunc
	mux := http.NewServeMux()
	for path, page := range pages {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { page(w, r, a.sessions) })
	}
	a.server = httptest.NewServer(a.sessions.LoadAndSave(mux))
	t.Cleanup(a.server.Close)
	return a
}

// usual are the pages of most tests: put a key, show one, sign in and out.
func usual() map[string]handler {
	return map[string]handler{
		"/put": func(_ http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
			s.Put(r.Context(), r.FormValue("k"), r.FormValue("v"))
		},
		"/get": func(w http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
			fmt.Fprint(w, s.GetString(r.Context(), r.FormValue("k")))
		},
		"/login": func(w http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
			if err := s.RenewToken(r.Context()); err != nil {
				scsstore.ErrorFunc(w, r, err)
				return
			}
			s.Put(r.Context(), "user", r.FormValue("user"))
		},
		"/logout": func(w http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
			if err := s.Destroy(r.Context()); err != nil {
				scsstore.ErrorFunc(w, r, err)
			}
		},
		"/clear": func(_ http.ResponseWriter, r *http.Request, s *scs.SessionManager) { _ = s.Clear(r.Context()) },
	}
}

// counter counts requests to the store by method.
type counter struct {
	below *http.Transport

	mu   sync.Mutex
	made []string
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.made = append(c.made, r.Method)
	c.mu.Unlock()
	return c.below.RoundTrip(r)
}

// take returns what was counted since the last time.
func (c *counter) take() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	made := strings.Join(c.made, " ")
	c.made = nil
	return made
}

// browser keeps cookies.
type browser struct {
	a    *app
	http *http.Client
}

func (a *app) browser() *browser {
	jar, _ := cookiejar.New(nil) // without options it never fails
	return &browser{a, &http.Client{Transport: a.server.Client().Transport, Jar: jar}}
}

type page struct {
	status int
	header http.Header
	body   string
}

func (b *browser) get(path string) page {
	b.a.t.Helper()
	req, err := http.NewRequestWithContext(b.a.t.Context(), http.MethodGet, b.a.server.URL+path, nil)
	if err != nil {
		b.a.t.Fatal(err)
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.a.t.Fatalf("GET %s: %v", path, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.a.t.Fatalf("GET %s: %v", path, err)
	}
	return page{res.StatusCode, res.Header, string(body)}
}

func (b *browser) want(path string, status int, body string) page {
	b.a.t.Helper()
	got := b.get(path)
	if got.status != status || got.body != body {
		b.a.t.Errorf("GET %s = %d %q, want %d %q", path, got.status, got.body, status, body)
	}
	return got
}

func (b *browser) token() string {
	u, _ := url.Parse(b.a.server.URL)
	for _, c := range b.http.Jar.Cookies(u) {
		return c.Value
	}
	return ""
}

func (b *browser) plant(token string) {
	u, _ := url.Parse(b.a.server.URL)
	b.http.Jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: token}})
}

// stored reads a session past scs.
func (a *app) stored(token string) *client.Session {
	a.t.Helper()
	s, err := a.client.Read(a.t.Context(), sessnode.Token(token), client.WithoutTouch())
	if err != nil {
		a.t.Fatalf("Read = %v", err)
	}
	return s
}

// reason is why the store has no session; "" if it has one.
func (a *app) reason(token string) string {
	_, err := a.client.Read(a.t.Context(), sessnode.Token(token), client.WithoutTouch())
	if err == nil {
		return ""
	}
	return sessnode.ReasonOf(err)
}

// newNode is something that listens where a node should.
func newNode(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server.URL
}
