package sessionhttp_test

import (
	"net/http"
	"testing"

	"github.com/sessnode/sessnode/client/sessionhttp"
)

// TestUntouchedAndUnchangedSessionsCostNothing: no request where a handler does not look, no write where it changes nothing.
func TestUntouchedAndUnchangedSessionsCostNothing(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/login":  func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Login("ada"); s.Set("n", 1) },
		"/static": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { _, _ = w.Write([]byte("x")) },
		"/read": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			_, _ = w.Write([]byte(s.Subject() + s.String("none")))
		},
		"/same": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("n", s.Int64("n"))
			s.Set("m", 2)
			s.Unset("m")
			s.Unset("none")
			s.Flashes()
		},
		"/blind": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Set("n", 5) },
	})
	b := a.browser()
	b.get("/login")
	b.get("/read") // the first use of the new token is worth an entry
	for _, tc := range []struct {
		path           string
		requests       int64
		writes, varies bool
	}{
		{"/static", 0, false, false}, {"/read", 1, false, true}, {"/same", 1, false, true}, {"/blind", 1, true, true},
	} {
		calls, at := a.calls.n.Load(), a.store.Position()
		got := b.get(tc.path)
		if n := a.calls.n.Load() - calls; n != tc.requests {
			t.Errorf("GET %s made %d requests to the store, want %d", tc.path, n, tc.requests)
		}
		if wrote := a.store.Position() != at; wrote != tc.writes {
			t.Errorf("GET %s wrote = %v, want %v", tc.path, wrote, tc.writes)
		}
		if varies := got.header.Get("Vary") == "Cookie"; varies != tc.varies || got.setsCookie() {
			t.Errorf("GET %s has headers %v, want Vary: Cookie = %v and no cookie", tc.path, got.header, tc.varies)
		}
	}
}

func TestVisitorGetsNothingBeforeSomethingIsStored(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/read": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Unset("a")
			s.Rotate()
			s.Logout()
			_, _ = w.Write([]byte(s.Subject() + s.String("a")))
		},
		"/store": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Set("a", "b") },
	})
	b := a.browser()
	if got := b.want("/read", 200, ""); got.setsCookie() || a.calls.n.Load() != 0 {
		t.Errorf("a visitor who stores nothing gets %v after %d requests to the store, want neither", got.header, a.calls.n.Load())
	}
	got := b.get("/store")
	if b.cookie() == "" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a visitor who stores something gets headers %v, want a cookie that no cache keeps", got.header)
	}
}

func TestHandlerThatFailsCommitsNothingButALogout(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/login": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Login("ada"); s.Set("a", 1) },
		"/panic": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("a", 2)
			s.Login("bob")
			panic(http.ErrAbortHandler)
		},
		"/500": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			list, _ := sessionhttp.Get[[]int](s, "list")
			s.Set("list", append(list, 1))
			s.Set("a", 2)
			s.Login("bob")
			http.Error(w, "failed", 500)
		},
		"/404": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Set("a", 3)
			http.Error(w, "none", 404)
		},
		"/out": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Logout()
			http.Error(w, "failed", 502)
		},
	})
	b := a.browser()
	b.get("/login")
	token := b.cookie()
	if _, err := b.http.Get(b.base + "/panic"); err == nil {
		t.Error("a panic of the handler was swallowed")
	}
	b.want("/500", 500, "failed")
	if got := a.stored(token); b.cookie() != token || string(got.Attrs["a"].Data) != "1" || len(got.Attrs) != 1 || got.Subject != "ada" {
		t.Errorf("after handlers that failed: %+v, want it as it was", got)
	}
	b.want("/404", 404, "none")
	if got := string(a.stored(token).Attrs["a"].Data); got != "3" {
		t.Errorf("a after a 404 = %s, want 3: that is an answer like any other", got)
	}
	b.want("/out", 502, "failed")
	if a.reason(token) != "gone revoked" || b.cookie() != "" {
		t.Error("a logout was lost because the page after it failed")
	}
}
