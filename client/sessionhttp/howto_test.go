package sessionhttp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/sessnode/sessnode/client/sessionhttp"
	"github.com/sessnode/sessnode/sessnodetest"
)

// TestHowToShowsCodeThatCompiles: every Go snippet of the page stands, line by line, in example_test.go, in that of the client, or below.
func TestHowToShowsCodeThatCompiles(t *testing.T) {
	page := read(t, "../../docs/how-to/go-net-http.md")
	source := flat(read(t, "example_test.go") + read(t, "../example_test.go") + read(t, "howto_test.go"))
	snippets := strings.Split(page, "```go\n")[1:]
	if len(snippets) < 6 {
		t.Fatalf("found %d snippets: the search itself is broken", len(snippets))
	}
	for _, s := range snippets {
		code, _, closed := strings.Cut(s, "```")
		if !closed || !strings.Contains(source, flat(code)) {
			t.Errorf("no test compiles this snippet:\n%s", code)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// flat is code without its indentation and empty lines.
func flat(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// TestHowToWorks runs what the page shows.
func TestHowToWorks(t *testing.T) {
	plain := func(h http.HandlerFunc) func(http.ResponseWriter, *http.Request, *sessionhttp.Session) {
		return func(w http.ResponseWriter, r *http.Request, _ *sessionhttp.Session) { h(w, r) }
	}
	a := run(t, sessionhttp.Options{}, routes{
		"/{$}": plain(home), "/login": plain(login), "/logout": plain(logout), "/basket": plain(basket), "/messages": plain(messages),
		"/devices": plain(devices), "/end": plain(endDevice), "/password": plain(changePassword), "/news": plain(newsPage), "/strict": plain(strictLogin),
	})
	b := a.browser()
	post := func(path string, form url.Values) (int, string) {
		res, err := b.http.PostForm(b.base+path, form)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return res.StatusCode, strings.TrimSpace(string(body))
	}
	if status, body := post("/login", url.Values{"username": {"ada"}, "password": {"guess"}}); status != 401 || b.cookie() != "" {
		t.Errorf("wrong password = %d %q", status, body)
	}
	if status, _ := post("/login", url.Values{"username": {"ada"}, "password": {"demo"}}); status != 303 {
		t.Errorf("login = %d", status)
	}
	b.want("/", 200, "Welcome back, ada!")
	b.want("/basket", 200, "dark 1 true false\n1")
	b.want("/basket", 200, "dark 2 true false\n2")
	a.browser().want("/strict", 303, `<a href="/">See Other</a>.`)
	if got := b.get("/devices"); strings.Count(got.body, "true") != 1 || strings.Count(got.body, "false") != 1 {
		t.Errorf("devices = %q, want this one and another", got.body)
	}
	if status, body := post("/password", nil); status != 200 || body != "Your password is changed, and 1 other sessions are over." {
		t.Errorf("change of password = %d %q", status, body)
	}
	if status, _ := post("/end", url.Values{"id": {"x"}}); status != 404 {
		t.Errorf("end of a session that is none = %d", status)
	}
	a.store.FailNext(1, sessnodetest.Unavailable)
	b.want("/news", 200, "The news. (Who you are shows again in a moment.)")
	b.want("/news", 200, "The news for ada.")
	if status, _ := post("/logout", nil); status != 303 {
		t.Errorf("logout = %d", status)
	}
	b.want("/messages", 200, "ok Signed out")
	b.want("/", 303, `<a href="/login">See Other</a>.`)
}

func TestHowToOptionsWork(t *testing.T) {
	store := sessnodetest.New(t)
	proxied, err := behindProxy(store.Client("web"))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
	w := httptest.NewRecorder()
	proxied.Wrap(http.HandlerFunc(articleLogin)).ServeHTTP(w, r)
	if c := w.Result().Cookies(); len(c) != 1 || !c[0].Secure {
		t.Errorf("behind a proxy on the same host: cookies %v, want one that is Secure", c)
	}
	own, err := withOwnErrorPage(store.Client("web"))
	if err != nil {
		t.Fatal(err)
	}
	store.FailNext(1, sessnodetest.Unavailable)
	w = httptest.NewRecorder()
	own.Wrap(http.HandlerFunc(articleLogin)).ServeHTTP(w, r)
	if w.Code != 503 || w.Header().Get("Refresh") != "3" {
		t.Errorf("own page = %d %v", w.Code, w.Header())
	}

	m, err := sessionhttp.New(store.Client("web"), sessionhttp.Options{SubjectFrom: "user"})
	if err != nil {
		t.Fatal(err)
	}
	w = httptest.NewRecorder()
	m.Wrap(http.HandlerFunc(articleLogin)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	r = httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(w.Result().Cookies()[0])
	w = httptest.NewRecorder()
	m.Wrap(http.HandlerFunc(articleLogout)).ServeHTTP(w, r)
	if c := w.Result().Cookies(); len(c) != 1 || c[0].MaxAge != -1 {
		t.Errorf("articleLogout sets %v, want the cookie cleared", c)
	}
}

// TestOutageKeepsTheCookie is the test that the page shows.
func TestOutageKeepsTheCookie(t *testing.T) {
	store := sessnodetest.New(t)
	m, err := sessionhttp.New(store.Client("web"), sessionhttp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	app := m.Wrap(http.HandlerFunc(home))

	store.FailNext(1, sessnodetest.Unavailable) // the next request to the store finds no leader
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-session", Value: strings.Repeat("x", 43)})
	w := httptest.NewRecorder()
	app.ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || len(w.Result().Cookies()) != 0 {
		t.Errorf("while the store is down = %d %v, want 503 and the cookie left alone", w.Code, w.Header())
	}
}
