package sessionhttp_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/sessionhttp"
	"github.com/sessnode/sessnode/sessnodetest"
)

// routes are an application's handlers by path.
type routes map[string]func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session)

// app is an application on a loopback port, with a store of its own.
type app struct {
	t        *testing.T
	store    *sessnodetest.Server
	sessions *client.Client
	calls    *counter
	log      *lines
	server   *httptest.Server
}

// run starts an application. Its client makes one try, so that what the test orders to fail shows.
func run(t *testing.T, o sessionhttp.Options, handlers routes) *app {
	t.Helper()
	a := &app{t: t, store: sessnodetest.New(t), calls: &counter{below: client.DefaultTransport()}, log: &lines{}}
	a.sessions = a.store.Client("web", client.WithTransport(a.calls))
	t.Cleanup(a.calls.below.CloseIdleConnections)
	o.Log = logTo(a.log)
	m, err := sessionhttp.New(a.sessions, o)
	if err != nil {
		t.Fatal(err)
	}
	a.server = httptest.NewUnstartedServer(m.Wrap(mux(handlers)))
	a.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	a.server.Start()
	t.Cleanup(a.server.Close)
	return a
}

func mux(handlers routes) *http.ServeMux {
	mux := http.NewServeMux()
	for path, handle := range handlers {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { handle(w, r, sessionhttp.From(r)) })
	}
	return mux
}

// browser keeps cookies and follows no redirect.
type browser struct {
	t     *testing.T
	base  string
	http  *http.Client
	agent string // User-Agent; empty = net/http's
}

func (a *app) browser() *browser {
	jar, _ := cookiejar.New(nil) // without options it never fails
	return &browser{t: a.t, base: a.server.URL, http: &http.Client{
		Transport: a.server.Client().Transport, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is a response that was read to its end.
type page struct {
	status int
	header http.Header
	body   string
}

func (p page) setsCookie() bool { return p.header.Values("Set-Cookie") != nil }

func (b *browser) get(path string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.base+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if b.agent != "" {
		req.Header.Set("User-Agent", b.agent)
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.t.Fatalf("GET %s: %v", path, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatalf("GET %s: %v", path, err)
	}
	return page{res.StatusCode, res.Header, string(body)}
}

// want gets a page and checks its status and text.
func (b *browser) want(path string, status int, body string) page {
	b.t.Helper()
	got := b.get(path)
	if got.status != status || strings.TrimSpace(got.body) != strings.TrimSpace(body) {
		b.t.Errorf("GET %s = %d %q, want %d %q", path, got.status, got.body, status, body)
	}
	return got
}

// cookie returns the session cookie's value; empty if the browser has none.
func (b *browser) cookie() string {
	u, _ := url.Parse(b.base)
	for _, c := range b.http.Jar.Cookies(u) {
		if strings.HasSuffix(c.Name, "session") {
			return c.Value
		}
	}
	return ""
}

// with plants a cookie.
func (b *browser) with(value string) *browser {
	u, _ := url.Parse(b.base)
	b.http.Jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: value}})
	return b
}

// stored reads a session past the application.
func (a *app) stored(token string) *client.Session {
	a.t.Helper()
	s, err := a.sessions.Read(a.t.Context(), sessnode.Token(token), client.WithoutTouch())
	if err != nil {
		a.t.Fatalf("Read = %v", err)
	}
	return s
}

// reason is why the store has no session of a token; "" if it has one.
func (a *app) reason(token string) string {
	a.t.Helper()
	_, err := a.sessions.Read(a.t.Context(), sessnode.Token(token), client.WithoutTouch())
	switch {
	case err == nil:
		return ""
	case sessnode.CodeOf(err) != sessnode.CodeNotFound:
		a.t.Fatalf("Read = %v", err)
	}
	return "gone " + sessnode.ReasonOf(err)
}

// counter counts the requests to the store, and shows each to a test that asks for it.
type counter struct {
	below *http.Transport
	n     atomic.Int64
	mu    sync.Mutex
	watch func(*http.Request)
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.n.Add(1)
	c.mu.Lock()
	watch := c.watch
	c.mu.Unlock()
	if watch != nil {
		watch(r)
	}
	return c.below.RoundTrip(r)
}

func (c *counter) onEach(watch func(*http.Request)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watch = watch
}

// lines is a log that a test reads.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func logTo(l *lines) *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func token(text string) sessnode.Token { return sessnode.Token(text) }

// cookieToken is the token that a request brings over plain loopback.
func cookieToken(r *http.Request) sessnode.Token {
	c, err := r.Cookie("session")
	if err != nil {
		return ""
	}
	return token(c.Value)
}

func set(name string, v sessnode.Value) sessnode.Edit {
	return sessnode.Edit{Set: map[string]sessnode.Value{name: v}}
}

// serve runs one handler without a network.
func serve(m *sessionhttp.Middleware, cookie string, handle func(*sessionhttp.Session)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "https://app.example/", nil)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	m.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { handle(sessionhttp.From(r)) })).ServeHTTP(w, r)
	return w
}

// waitFor polls until something holds that happens after the response.
func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came about")
		}
	}
}
