package sessionhttp_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/sessionhttp"
)

// members are the pages that most tests of logins need.
func members() routes {
	return routes{
		"/visit": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Set("cart", "book") },
		"/login/{who}": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Login(r.PathValue("who"))
			s.Set("greeted", false)
			_, _ = fmt.Fprintf(w, "%s %s", s.Subject(), s.String("cart"))
		},
		"/rotate": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Rotate(); s.Set("sudo", true) },
		"/logout": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Logout() },
		"/read": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			_, _ = fmt.Fprintf(w, "%s %s", s.Subject(), s.String("cart"))
		},
	}
}

// TestLoginReplacesTheToken: whoever planted or saw the token before the login has nothing after it (fixation, ASVS 7.2.4).
func TestLoginReplacesTheToken(t *testing.T) {
	a := run(t, sessionhttp.Options{}, members())
	b := a.browser()
	b.get("/visit")
	before := b.cookie()
	first := a.stored(before)
	b.agent = "Browser/2"
	b.want("/login/ada", 200, "ada book")
	after := b.cookie()
	if after == before || a.reason(before) != "gone rotated" {
		t.Errorf("after the login the old token is %q, want a new token and the old one dead", a.reason(before))
	}
	got := a.stored(after)
	if got.ID != first.ID || got.Subject != "ada" || got.Device.IP != "127.0.0.1" || got.Device.UserAgent != "Browser/2" {
		t.Errorf("after the login: %+v, want the same session, bound to ada, from where she signed in", got)
	}
	if string(got.Attrs["cart"].Data) != `"book"` || string(got.Attrs["greeted"].Data) != "false" {
		t.Errorf("attributes after the login = %v, want the visitor's and the handler's", got.Attrs)
	}
	attacker := a.browser().with(before)
	if page := attacker.want("/read", 200, ""); page.setsCookie() {
		t.Error("a token that was rotated away gets a cookie")
	}
}

func TestSigningInAgainReplacesTheTokenAndStartsTheLifetimeAnew(t *testing.T) {
	a := run(t, sessionhttp.Options{}, members())
	b := a.browser()
	b.get("/login/ada")
	before := b.cookie()
	first := a.stored(before)
	a.store.Advance(20 * time.Minute)
	b.want("/login/ada", 200, "ada")
	got := a.stored(b.cookie())
	if a.reason(before) != "gone rotated" || got.ID != first.ID || got.End.Sub(first.End) < 20*time.Minute {
		t.Errorf("after signing in again the old token is %q and the end %v later, want it dead and 20m", a.reason(before), got.End.Sub(first.End))
	}
}

// TestNobodySeesWhatThePersonBeforeThemLeft when they sign in over somebody else's session, also what a parallel request adds in
// the very moment.
func TestNobodySeesWhatThePersonBeforeThemLeft(t *testing.T) {
	pages := members()
	pages["/fill"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		s.Set("map", map[string]int{"ada": 1})
		s.Flash("ok", "for ada")
	}
	pages["/switch"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		m, _ := sessionhttp.Get[map[string]int](s, "map")
		m["in place"] = 1
		s.Incr("count", 1)
		s.Unset("cart")
		s.Login("bob")
		s.Set("greeted", false)
		again, there := sessionhttp.Get[map[string]int](s, "map")
		_, _ = fmt.Fprint(w, s.Subject(), again, there, s.Flashes(), s.Int64("count"), s.String("cart"))
	}
	a := run(t, sessionhttp.Options{}, pages)
	b := a.browser()
	b.get("/visit")
	b.get("/login/ada")
	b.get("/fill")
	before := b.cookie()
	var once sync.Once
	a.calls.onEach(func(r *http.Request) {
		if r.URL.Path == "/v1/apps/web/session/rotate" {
			once.Do(func() {
				other := a.store.Client("web")
				if _, err := other.Patch(t.Context(), token(before), set("late", sessnode.Value{Data: []byte(`"of ada"`)})); err != nil {
					t.Error(err)
				}
			})
		}
	})
	b.want("/switch", 200, "bobmap[] false [] 0")
	got := a.stored(b.cookie())
	if len(got.Attrs) != 1 || string(got.Attrs["greeted"].Data) != "false" || got.Subject != "bob" {
		t.Errorf("bob has %+v, want what his own login set and nothing of ada's", got)
	}
	if a.reason(before) != "gone rotated" {
		t.Errorf("ada's token is %q, want it dead", a.reason(before))
	}
}

// TestDoubleClickOnTheLoginButtonSignsIn: both requests carry the same old token, and the browser may never see the answer to the
// first.
func TestDoubleClickOnTheLoginButtonSignsIn(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	pages := members()
	pages["/double"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		_ = s.Subject()
		both.Done()
		both.Wait()
		s.Login("ada")
	}
	a := run(t, sessionhttp.Options{}, pages)
	first, second := a.browser(), a.browser()
	first.get("/visit")
	second.with(first.cookie())
	var wg sync.WaitGroup
	for _, b := range []*browser{first, second} {
		wg.Go(func() { b.want("/double", 200, "") })
	}
	wg.Wait()
	for _, b := range []*browser{first, second} {
		if got := a.stored(b.cookie()).Subject; got != "ada" {
			t.Errorf("signed in as %q, want ada", got)
		}
	}
	if first.cookie() == second.cookie() {
		t.Error("two answers brought the same token")
	}
}

func TestRotateKeepsParallelRequestsGoing(t *testing.T) {
	a := run(t, sessionhttp.Options{}, members())
	b := a.browser()
	b.get("/login/ada")
	before := b.cookie()
	b.get("/rotate")
	if b.cookie() == before || string(a.stored(b.cookie()).Attrs["sudo"].Data) != "true" {
		t.Error("Rotate made no new token, or lost what was set with it")
	}
	parallel := a.browser().with(before)
	parallel.want("/read", 200, "ada")
	if got := parallel.get("/rotate"); got.setsCookie() || got.status != 200 {
		t.Errorf("a second rotation by the old token = %d %v, want 200 and the cookie left alone", got.status, got.header)
	}
	parallel.get("/visit")
	b.want("/read", 200, "ada book")
}

func TestLogoutEndsTheSessionEverywhereAndClearsTheCookie(t *testing.T) {
	pages := members()
	pages["/bye"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		s.Set("lost", true)
		s.Logout()
		s.Flash("ok", "Signed out")
		_, _ = w.Write([]byte(s.Subject() + s.String("cart")))
	}
	pages["/unset"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Unset(""); s.Unset("user") }
	a := run(t, sessionhttp.Options{}, pages)
	b := a.browser()
	b.get("/login/ada")
	b.get("/unset")
	b.want("/read", 200, "ada")
	for _, path := range []string{"/logout", "/bye"} {
		b.get("/visit")
		b.get("/login/ada")
		before := b.cookie()
		b.want(path, 200, "")
		if a.reason(before) != "gone revoked" || b.cookie() == before {
			t.Errorf("after %s the token is %q, want it revoked and off the browser", path, a.reason(before))
		}
	}
	got := a.stored(b.cookie())
	if len(got.Attrs) != 1 || got.Subject != "" {
		t.Errorf("what is stored after a logout: %+v, want a new session with the message alone", got)
	}
}

// TestLifetimesComeFromTheOptions, and bind the cookie's age where it is persistent.
func TestLifetimesComeFromTheOptions(t *testing.T) {
	a := run(t, sessionhttp.Options{Idle: 2 * time.Hour, Lifetime: 48 * time.Hour, Persistent: true}, members())
	b := a.browser()
	cookieOf := func(p page) *http.Cookie {
		c, err := http.ParseSetCookie(p.header.Get("Set-Cookie"))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := cookieOf(b.get("/visit")); c.MaxAge != 48*3600 {
		t.Errorf("Max-Age = %d s, want the lifetime", c.MaxAge)
	}
	a.store.Advance(time.Hour)
	if c := cookieOf(b.get("/rotate")); c.MaxAge != 47*3600 {
		t.Errorf("Max-Age after an hour = %d s, want what is left of the lifetime", c.MaxAge)
	}
	got := a.stored(b.cookie())
	if idle := got.IdleDeadline.Sub(got.Touched); idle != 2*time.Hour || got.End.Sub(got.Created) != 48*time.Hour {
		t.Errorf("idle timeout %v, lifetime %v, want 2h and 48h", idle, got.End.Sub(got.Created))
	}
	a.store.Advance(3 * time.Hour)
	if got := b.want("/read", 200, ""); got.header.Get("Set-Cookie") == "" || b.cookie() != "" {
		t.Error("the cookie of an expired session was not cleared")
	}
}

func TestHandlerMayCommitByItself(t *testing.T) {
	a := run(t, sessionhttp.Options{}, routes{
		"/": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Login("ada")
			s.Set("a", 1)
			if err := s.Commit(); err != nil {
				t.Error(err)
			}
			info, there := s.Info()
			list, err := s.List()
			_, _ = fmt.Fprint(w, there, info.Subject, info.ID == s.ID(), s.Int64("a"), len(list), err)
			s.Set("b", 2)
		},
	})
	b := a.browser()
	if got := b.want("/", 200, "trueadatrue 1 1 <nil>"); len(got.header.Values("Set-Cookie")) != 1 {
		t.Errorf("cookies = %v, want one", got.header.Values("Set-Cookie"))
	}
	got := a.stored(b.cookie())
	names := []string{}
	for name := range got.Attrs {
		names = append(names, name)
	}
	slices.Sort(names)
	if fmt.Sprint(names) != "[a b]" {
		t.Errorf("attributes = %v, want what was set before and after", names)
	}
}
