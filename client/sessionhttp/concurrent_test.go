package sessionhttp_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/sessionhttp"
)

// TestParallelRequestsThatChangeDifferentAttributesLoseNothing: all have read before any of them writes.
func TestParallelRequestsThatChangeDifferentAttributesLoseNothing(t *testing.T) {
	const n = 16
	var all sync.WaitGroup
	all.Add(n)
	a := run(t, sessionhttp.Options{}, routes{
		"/login": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Login("ada")
			s.Set("old", true)
			s.Set("shared", map[string]int{"n": 0})
		},
		"/set/{n}": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			shared, _ := sessionhttp.Get[map[string]int](s, "shared")
			all.Done()
			all.Wait()
			name := r.PathValue("n")
			s.Set("v"+name, map[string]string{"from": name})
			s.Incr("count", 1)
			if name == "0" {
				s.Unset("old")
				shared["n"]++
			}
		},
	})
	b := a.browser()
	b.get("/login")
	var requests sync.WaitGroup
	for i := range n {
		requests.Go(func() { b.want(fmt.Sprint("/set/", i), 200, "") })
	}
	requests.Wait()
	got := a.stored(b.cookie()).Attrs
	for i := range n {
		if want := fmt.Sprintf(`{"from":"%d"}`, i); string(got[fmt.Sprint("v", i)].Data) != want {
			t.Errorf("v%d = %s, want %s", i, got[fmt.Sprint("v", i)].Data, want)
		}
	}
	if string(got["count"].Data) != fmt.Sprint(n) || string(got["shared"].Data) != `{"n":1}` || got["old"].Data != nil {
		t.Errorf("count = %s, shared = %s, old = %s, want %d, {\"n\":1} and none", got["count"].Data, got["shared"].Data, got["old"].Data, n)
	}
}

// TestRequestInFlightOverALogoutDoesNotBringTheSessionBack, whatever it does after it.
func TestRequestInFlightOverALogoutDoesNotBringTheSessionBack(t *testing.T) {
	for name, late := range map[string]func(*sessionhttp.Session){
		"set":      func(s *sessionhttp.Session) { s.Set("a", 2) },
		"in place": func(s *sessionhttp.Session) { m, _ := sessionhttp.Get[map[string]int](s, "m"); m["x"] = 1 },
		"incr":     func(s *sessionhttp.Session) { s.Incr("n", 1) },
		"unset":    func(s *sessionhttp.Session) { s.Unset("a") },
		"flash":    func(s *sessionhttp.Session) { s.Flash("ok", "saved") },
		"rotate":   func(s *sessionhttp.Session) { s.Rotate(); s.Set("a", 2) },
		"commit": func(s *sessionhttp.Session) {
			s.Set("a", 2)
			if err := s.Commit(); !errors.Is(err, sessnode.ErrNotFound) {
				t.Errorf("Commit = %v, want ErrNotFound", err)
			}
			if who := s.Subject(); who != "" {
				t.Errorf("after that, %s is signed in", who)
			}
			s.Set("b", 1)
		},
		"logout": func(s *sessionhttp.Session) { s.Logout() },
	} {
		t.Run(name, func(t *testing.T) {
			loaded, proceed := make(chan struct{}), make(chan struct{})
			a := run(t, sessionhttp.Options{}, routes{
				"/login": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
					s.Login("ada")
					s.Set("a", 1)
					s.Set("m", map[string]int{})
				},
				"/logout": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Logout() },
				"/slow": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
					who := s.Subject()
					close(loaded)
					<-proceed
					late(s)
					_, _ = w.Write([]byte(who))
				},
			})
			b := a.browser()
			b.get("/login")
			token := b.cookie()
			done := make(chan page)
			slow := a.browser().with(token)
			go func() { done <- slow.get("/slow") }()
			<-loaded
			b.get("/logout")
			close(proceed)
			got := <-done
			if got.status != 200 || got.body != "ada" {
				t.Errorf("the slow request = %d %q, want its own answer", got.status, got.body)
			}
			for _, line := range got.header.Values("Set-Cookie") {
				if c, err := http.ParseSetCookie(line); err != nil || c.Value != "" {
					t.Errorf("the slow request brings a session: %v", got.header)
				}
			}
			if a.reason(token) != "gone revoked" {
				t.Errorf("the session is %q, want it revoked for good", a.reason(token))
			}
			if apps, err := a.sessions.App(t.Context()); err != nil || apps.Sessions != 0 {
				t.Errorf("the app has %d sessions, %v, want none", apps.Sessions, err)
			}
		})
	}
}

// TestOneSessionMayBeUsedByManyGoroutines of its request.
func TestOneSessionMayBeUsedByManyGoroutines(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			if err := s.Load(); err != nil {
				t.Error(err)
			}
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					s.Set(fmt.Sprint("a", i), i)
					s.Incr("n", 1)
					_ = s.String("b") + s.Subject()
				})
			}
			wg.Wait()
			_, _ = fmt.Fprint(w, s.Int64("n"))
		},
	})
	b := a.browser()
	b.want("/", 200, "8")
	b.want("/", 200, "16")
}
