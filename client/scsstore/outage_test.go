package scsstore_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/scsstore"
	"github.com/sessnode/sessnode/sessnodetest"
)

func TestStoreDownIs503WithTheCookieKept(t *testing.T) {
	pages := usual()
	pages["/writes"] = func(w http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
		s.Put(r.Context(), "a", "2")
		w.Header().Set("Location", "/secret")
		fmt.Fprint(w, strings.Repeat("the handler's page ", 1000))
	}
	a := run(t, scsstore.Options{SubjectFrom: "user"}, pages)
	b := a.browser()
	b.get("/login?user=ada")
	token := b.token()
	down := func(path string, after int, outcome sessnodetest.Outcome) {
		t.Helper()
		if after == 0 {
			a.store.FailNext(1, outcome)
		} else {
			a.store.FailNext(1, 0)
			a.store.FailNext(1, outcome)
		}
		got := b.get(path)
		if got.status != 503 || got.header.Get("Retry-After") == "" || got.header.Get("Set-Cookie") != "" || got.header.Get("Location") != "" ||
			!strings.HasPrefix(got.body, "The session store cannot answer") || strings.Contains(got.body, "handler") || strings.Count(got.body, "\n") > 1 {
			t.Errorf("GET %s = %d %v %q, want 503 with Retry-After and one line, and nothing of the handler's", path, got.status, got.header, got.body)
		}
	}
	for _, path := range []string{"/get?k=user", "/put?k=a&v=1", "/writes", "/login?user=bob", "/logout", "/clear"} {
		down(path, 0, sessnodetest.Unavailable) // the load
	}
	for _, outcome := range []sessnodetest.Outcome{sessnodetest.Unavailable, sessnodetest.UnknownBefore} {
		for _, path := range []string{"/put?k=a&v=1", "/writes", "/logout", "/login?user=bob"} { // what is sent after the load
			down(path, 1, outcome)
		}
	}
	if b.token() != token {
		t.Error("the cookie changed")
	}
	b.want("/get?k=user", 200, "ada")
}

func TestBadCookiesAreAnonymousAndNotAskedAbout(t *testing.T) {
	a := run(t, scsstore.Options{}, usual())
	for cookie, asks := range map[string]string{
		"": "", "short": "", strings.Repeat("x", 300): "", "id:AAAAAAAAAAAAAAAAAAAAAA": "", strings.Repeat("x", 43): "GET", "../../etc/passwd": "GET",
	} {
		b := a.browser()
		b.plant(cookie)
		a.calls.take()
		b.want("/get?k=a", 200, "")
		if got := a.calls.take(); got != asks {
			t.Errorf("cookie %q made the requests %q, want %q", cookie, got, asks)
		}
	}
}

func TestWhatCannotBeStoredIsA500WithoutInnards(t *testing.T) {
	type unregistered struct{ A int }
	pages := usual()
	for path, v := range map[string]any{"/func": func() {}, "/type": unregistered{1}, "/big": strings.Repeat("x", 1<<20)} {
		pages[path] = func(w http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
			s.Put(r.Context(), "v", v)
			_, _ = w.Write([]byte("page"))
		}
	}
	pages["/name"] = func(w http.ResponseWriter, r *http.Request, s *scs.SessionManager) { s.Put(r.Context(), "a\x00b", "v") }
	a := run(t, scsstore.Options{}, pages)
	b := a.browser()
	b.get("/put?k=a&v=1")
	for _, path := range []string{"/func", "/type", "/big", "/name"} {
		got := b.get(path)
		if got.status != 500 || got.body != "This went wrong on our side. You have not been signed out.\n" || got.header.Get("Set-Cookie") != "" {
			t.Errorf("GET %s = %d %q %v, want 500 and one line", path, got.status, got.body, got.header)
		}
	}
	b.want("/get?k=a", 200, "1")
}

// TestAStoreThatRejectsTheKeyOrAnswersNonsenseSignsNobodyOut: it is the operator's to mend.
func TestAStoreThatRejectsTheKeyOrAnswersNonsenseSignsNobodyOut(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		status int
	}{
		"another server": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, 503},
		"nonsense":       {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, 503},
		"key rejected": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"code":"unauthorized","status":401,"outcome":"not_done"}`))
		}, 500},
	} {
		t.Run(name, func(t *testing.T) {
			a := run(t, scsstore.Options{}, usual())
			b := a.browser()
			b.get("/put?k=a&v=1")
			token := b.token()
			node := newNode(t, c.answer)
			broken, err := client.New(node, client.WithApp("web"), client.WithTries(1))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(broken.Close)
			a.sessions.Store = scsstore.New(broken, scsstore.Options{})
			if got := b.get("/get?k=a"); got.status != c.status || got.header.Get("Set-Cookie") != "" || b.token() != token {
				t.Errorf("GET = %d %v, want %d and the cookie kept", got.status, got.header, c.status)
			}
		})
	}
}
