package gorillastore_test

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

	"github.com/gorilla/sessions"
	"go.uber.org/goleak"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/gorillastore"
	"github.com/sessnode/sessnode/sessnodetest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

// handler is a page with the session, which is saved behind it.
type handler func(w http.ResponseWriter, r *http.Request, s *sessions.Session)

// app is an application with gorilla/sessions, on a store of its own.
type app struct {
	t        *testing.T
	store    *sessnodetest.Server
	client   *client.Client
	sessions *gorillastore.Store
	calls    *counter
	server   *httptest.Server
}

func run(t *testing.T, o gorillastore.Options, pages map[string]handler) *app {
	t.Helper()
	a := &app{t: t, store: sessnodetest.New(t), calls: &counter{below: client.DefaultTransport()}}
	t.Cleanup(a.calls.below.CloseIdleConnections)
	a.client = a.store.Client("web", client.WithTransport(a.calls))
	a.sessions = gorillastore.New(a.client, o)
	a.sessions.Options.Secure = false
	mux := http.NewServeMux()
	for path, page := range pages {
		mux.HandleFunc(path, a.serve(page))
	}
	a.server = httptest.NewServer(mux)
	t.Cleanup(a.server.Close)
	return a
}

// serve is what the package comment tells people to write.
func (a *app) serve(page handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		session, err := a.sessions.Get(r, "session")
		if session == nil {
			a.t.Error("Get returned a nil session")
		}
		if gorillastore.Answered(w, r, err) {
			return
		}
		body := new(strings.Builder)
		page(buffered{w, body}, r, session)
		if !gorillastore.Answered(w, r, session.Save(r, w)) {
			fmt.Fprint(w, body)
		}
	}
}

// buffered keeps a page back until the session is saved.
type buffered struct {
	http.ResponseWriter
	body *strings.Builder
}

func (b buffered) Write(p []byte) (int, error) { return b.body.Write(p) }

// usual are the pages of most tests.
func usual() map[string]handler {
	return map[string]handler{
		"/put": func(_ http.ResponseWriter, r *http.Request, s *sessions.Session) {
			s.Values[r.FormValue("k")] = r.FormValue("v")
		},
		"/get": func(w http.ResponseWriter, r *http.Request, s *sessions.Session) {
			fmt.Fprint(w, text(s, r.FormValue("k")))
		},
		"/unset": func(_ http.ResponseWriter, r *http.Request, s *sessions.Session) { delete(s.Values, r.FormValue("k")) },
		"/login": func(_ http.ResponseWriter, r *http.Request, s *sessions.Session) {
			s.Values["user"] = r.FormValue("user")
		},
		"/end":  func(_ http.ResponseWriter, _ *http.Request, s *sessions.Session) { s.Options.MaxAge = -1 },
		"/none": func(http.ResponseWriter, *http.Request, *sessions.Session) {},
	}
}

func text(s *sessions.Session, key string) string { v, _ := s.Values[key].(string); return v }

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

func (p page) cookie() string { return p.header.Get("Set-Cookie") }

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

// stored reads a session past gorilla.
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
