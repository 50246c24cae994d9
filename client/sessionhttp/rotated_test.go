package sessionhttp_test

import (
	"net/http"
	"testing"

	"github.com/sessnode/sessnode/client/sessionhttp"
)

// TestRotatedTokenIsAnonymousAndLeavesTheCookieAlone: the browser may have the newer one already, and must keep it.
func TestRotatedTokenIsAnonymousAndLeavesTheCookieAlone(t *testing.T) {
	pages := members()
	pages["/blind"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Set("a", 1) }
	pages["/flash"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		_ = s.Flashes()
		s.Flash("ok", "x")
	}
	pages["/in-out"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Logout(); s.Set("a", 1) }
	pages["/told"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		s.Set("a", 1)
		if err := s.Commit(); err == nil {
			t.Error("Commit of what was dropped = nil, want an error")
		}
	}
	a := run(t, sessionhttp.Options{}, pages)
	b := a.browser()
	b.get("/visit")
	old := a.browser().with(b.cookie())
	b.get("/login/ada")
	for _, path := range []string{"/read", "/visit", "/blind", "/flash", "/logout", "/in-out", "/rotate", "/told"} {
		if got := old.get(path); got.status != 200 || got.setsCookie() {
			t.Errorf("GET %s by a rotated token = %d %v, want 200 and no Set-Cookie", path, got.status, got.header)
		}
	}
	b.want("/read", 200, "ada book")
	if apps, err := a.sessions.App(t.Context()); err != nil || apps.Sessions != 1 {
		t.Errorf("the app has %d sessions, %v, want one", apps.Sessions, err)
	}
	if got := old.want("/login/ada", 200, "ada "); !got.setsCookie() { // who gives a password gets a session
		t.Error("a login by a rotated token set no cookie")
	}
}

// TestDeadCookieIsClearedAndReplaced: the store is certain, so the browser is told; what is stored now begins a session.
func TestDeadCookieIsClearedAndReplaced(t *testing.T) {
	pages := members()
	pages["/incr"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Incr("n", 1) }
	pages["/unset"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Unset("n") }
	for _, tc := range []struct {
		path   string
		begins bool
	}{{"/read", false}, {"/visit", true}, {"/incr", true}, {"/unset", false}, {"/login/bob", true}, {"/logout", false}, {"/rotate", true}} {
		a := run(t, sessionhttp.Options{}, pages)
		b := a.browser()
		b.get("/login/ada")
		dead := b.cookie()
		if err := a.sessions.Revoke(t.Context(), token(dead)); err != nil {
			t.Fatal(err)
		}
		got := b.get(tc.path)
		if got.status != 200 || len(got.header.Values("Set-Cookie")) != 1 || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("GET %s with a dead cookie = %d %v, want 200 and one Set-Cookie", tc.path, got.status, got.header)
		}
		if now := b.cookie(); (now != "") != tc.begins || now == dead {
			t.Errorf("after GET %s the cookie is %q, want a new one = %v", tc.path, now, tc.begins)
		}
		if a.reason(dead) != "gone revoked" {
			t.Errorf("after GET %s the dead token is %q", tc.path, a.reason(dead))
		}
	}
}
