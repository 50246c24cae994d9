package sessionhttp_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/sessionhttp"
	"github.com/sessnode/sessnode/sessnodetest"
)

// TestStoreDownIs503WithTheCookieKeptAndRecoversByItself, whatever the handler wanted of it.
func TestStoreDownIs503WithTheCookieKeptAndRecoversByItself(t *testing.T) {
	pages := members()
	reached := false
	pages["/getter"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		w.Header().Set("Set-Cookie", "other=1")
		w.Header().Set("Content-Length", "1")
		_ = s.Bool("blocked")
		reached = true
	}
	pages["/swallow"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		defer func() { _ = recover(); _, _ = w.Write([]byte("all is well")) }()
		_ = s.Subject()
	}
	pages["/set"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		s.Set("a", 1)
		w.Header().Set("Location", "/done")
		w.WriteHeader(302)
		if n, err := w.Write([]byte("secret")); n != 0 || !errors.Is(err, sessnode.ErrUnavailable) {
			t.Errorf("Write after the response was replaced = %d, %v, want 0 and ErrUnavailable", n, err)
		}
		if err := http.NewResponseController(w).Flush(); !errors.Is(err, sessnode.ErrUnavailable) {
			t.Errorf("Flush after the response was replaced = %v, want ErrUnavailable", err)
		}
	}
	a := run(t, sessionhttp.Options{}, pages)
	b := a.browser()
	b.get("/login/ada")
	token := b.cookie()
	b.get("/read")
	for _, path := range []string{"/read", "/getter", "/swallow", "/set", "/logout", "/login/bob", "/rotate"} {
		a.store.FailNext(1, sessnodetest.Unavailable)
		got := b.get(path)
		if got.status != 503 || got.header.Get("Retry-After") == "" || got.setsCookie() || got.header.Get("Location") != "" {
			t.Errorf("GET %s = %d %v, want 503 with Retry-After, and the handler's headers gone", path, got.status, got.header)
		}
		if !strings.HasPrefix(got.body, "The session store cannot answer") {
			t.Errorf("GET %s = %q, want the failure alone", path, got.body)
		}
		b.want("/read", 200, "ada")
	}
	if reached || b.cookie() != token {
		t.Error("a handler went on without its session, or the cookie changed")
	}
}

// TestStoreDownInTheMiddleOfALogout: the second request of the commit fails too.
func TestCommitOfTwoStepsFailsAsOne(t *testing.T) {
	pages := members()
	pages["/bye"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Logout(); s.Flash("ok", "bye") }
	a := run(t, sessionhttp.Options{}, pages)
	b := a.browser()
	b.get("/login/ada")
	token := b.cookie()
	a.calls.onEach(func(r *http.Request) {
		if r.Method == http.MethodPost {
			a.store.FailNext(1, sessnodetest.Unavailable)
		}
	})
	if got := b.get("/bye"); got.status != 503 {
		t.Errorf("logout with a message that cannot be stored = %d, want 503", got.status)
	}
	if a.reason(token) != "gone revoked" || b.cookie() != "" {
		t.Errorf("the token is %q, want what is certain by now: revoked, and off the browser", a.reason(token))
	}
}

func TestHandlerMayLookForItself(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			if err := s.Load(); err != nil {
				w.WriteHeader(200)
				_, _ = fmt.Fprint(w, "without you: ", errors.Is(err, sessnode.ErrUnavailable))
			}
		},
		"/commit": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Login("ada")
			_, _ = fmt.Fprint(w, errors.Is(s.Commit(), sessnode.ErrUnavailable))
		},
	})
	b := a.browser().with(strings.Repeat("x", 43))
	a.store.FailNext(1, sessnodetest.Unavailable)
	b.want("/", 200, "without you: true")
	fresh := a.browser()
	a.store.FailNext(1, sessnodetest.Unavailable)
	if got := fresh.want("/commit", 200, "true"); got.setsCookie() {
		t.Error("a commit that failed was repeated behind the handler's back, or set a cookie")
	}
}

// TestUnknownOutcomes: the browser keeps the cookie it has. Whatever became of the change, the next request is served rightly.
func TestUnknownOutcomes(t *testing.T) {
	for name, outcome := range map[string]sessnodetest.Outcome{"made": sessnodetest.UnknownAfter, "not made": sessnodetest.UnknownBefore} {
		made := outcome == sessnodetest.UnknownAfter
		t.Run(name, func(t *testing.T) {
			a := run(t, sessionhttp.Options{}, members())
			fail := func(method string) {
				a.calls.onEach(func(r *http.Request) {
					if r.Method == method {
						a.store.FailNext(1, outcome)
					}
				})
			}
			refused := func(b *browser, path string) {
				t.Helper()
				if got := b.get(path); got.status != 503 || got.setsCookie() {
					t.Errorf("GET %s = %d %v, want 503 and the cookie left alone", path, got.status, got.header)
				}
				a.calls.onEach(nil)
			}
			b := a.browser()
			fail(http.MethodPost)
			refused(b, "/login/ada") // a session that nobody has the token of, or none
			b.get("/visit")
			fail(http.MethodPost)
			refused(b, "/login/ada")
			if made { // the old token is dead, and says so: anonymous, and the cookie is left alone
				if got := b.want("/read", 200, ""); got.setsCookie() {
					t.Errorf("the next request gets %v, want no cookie", got.header)
				}
			} else {
				b.want("/read", 200, " book")
			}
			b.get("/login/ada") // trying again is all it takes
			if got := b.get("/read"); !strings.HasPrefix(got.body, "ada") {
				t.Errorf("after a second try: %q, want ada signed in", got.body)
			}
			fail(http.MethodPatch)
			refused(b, "/visit")
			if got, there := a.stored(b.cookie()).Attrs["cart"]; made && !there {
				t.Errorf("cart = %s, want it stored", got.Data)
			}
			fail(http.MethodDelete)
			refused(b, "/logout")
			if got := b.get("/read"); strings.HasPrefix(got.body, "ada") == made || (b.cookie() == "") != made {
				t.Errorf("after a logout that was %s: %q and cookie %q", name, got.body, b.cookie())
			}
		})
	}
}

// TestClientTriesAgainUntilItKnows: with the tries of production an unknown outcome passes unnoticed, and happens once.
func TestClientTriesAgainUntilItKnows(t *testing.T) {
	for _, outcome := range []sessnodetest.Outcome{sessnodetest.UnknownBefore, sessnodetest.UnknownAfter, sessnodetest.Unavailable} {
		store := sessnodetest.New(t)
		m, err := sessionhttp.New(store.Client("web", client.WithTries(0)), sessionhttp.Options{})
		if err != nil {
			t.Fatal(err)
		}
		w := serve(m, "", func(s *sessionhttp.Session) { s.Login("ada"); s.Incr("n", 1); store.FailNext(1, outcome) })
		if w.Code != 200 || len(w.Result().Cookies()) != 1 {
			t.Fatalf("a login with outcome %d = %d %v, want 200 and a cookie", outcome, w.Code, w.Header())
		}
		cookie := w.Result().Cookies()[0]
		w = serve(m, cookie.Name+"="+cookie.Value, func(s *sessionhttp.Session) { s.Incr("n", 1); store.FailNext(1, outcome) })
		got := ""
		serve(m, cookie.Name+"="+cookie.Value, func(s *sessionhttp.Session) { got = fmt.Sprint(s.Subject(), s.Int64("n")) })
		if w.Code != 200 || got != "ada 2" && got != "ada2" {
			t.Errorf("after outcome %d: %d, %q, want ada and 2", outcome, w.Code, got)
		}
	}
}
