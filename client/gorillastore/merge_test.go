package gorillastore_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/gorillastore"
)

// paused adds a page that loads the session, says that it has, and changes an entry after it was let go.
func paused(pages map[string]handler, change handler) (loaded, letGo chan struct{}) {
	loaded, letGo = make(chan struct{}), make(chan struct{})
	pages["/slow"] = func(w http.ResponseWriter, r *http.Request, s *sessions.Session) {
		change(w, r, s)
		loaded <- struct{}{}
		<-letGo
		fmt.Fprint(w, "done")
	}
	return loaded, letGo
}

// while runs other while b's request for /slow is under way, and returns what came of that.
func while(b *browser, loaded, letGo chan struct{}, other func()) page {
	result := make(chan page)
	go func() { result <- b.get("/slow") }() // ends with the request, which letGo ends
	<-loaded
	other()
	letGo <- struct{}{}
	return <-result
}

func TestParallelRequestsThatChangeDifferentEntriesBothKeepTheirChange(t *testing.T) {
	pages := usual()
	loaded, letGo := paused(pages, func(_ http.ResponseWriter, _ *http.Request, s *sessions.Session) { s.Values["slow"] = text(s, "a") })
	a := run(t, gorillastore.Options{}, pages)
	b := a.browser()
	b.get("/put?k=a&v=1")
	while(b, loaded, letGo, func() { b.get("/put?k=b&v=2"); b.get("/unset?k=a") })
	b.want("/get?k=a", 200, "")
	b.want("/get?k=b", 200, "2")
	b.want("/get?k=slow", 200, "1")
}

func TestManyParallelRequestsLoseNothing(t *testing.T) {
	pages := usual()
	pages["/flash"] = func(_ http.ResponseWriter, r *http.Request, s *sessions.Session) { s.AddFlash(r.FormValue("v")) }
	pages["/flashes"] = func(w http.ResponseWriter, _ *http.Request, s *sessions.Session) { fmt.Fprint(w, len(s.Flashes())) }
	a := run(t, gorillastore.Options{}, pages)
	b := a.browser()
	b.get("/put?k=a&v=1")
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() { b.get(fmt.Sprintf("/put?k=k%d&v=%d", i, i)) })
		all.Go(func() { b.get(fmt.Sprintf("/flash?v=%d", i)) })
	}
	all.Wait()
	for i := range 20 {
		b.want(fmt.Sprintf("/get?k=k%d", i), 200, fmt.Sprint(i))
	}
	b.want("/flashes", 200, "20")
	b.want("/flashes", 200, "0")
}

// TestASessionThatEndedIsNotBroughtBack: nor is its cookie, which would replace that of a newer login.
func TestASessionThatEndedIsNotBroughtBack(t *testing.T) {
	for name, end := range map[string]func(a *app, b *browser, token string){
		"logout":            func(_ *app, b *browser, _ string) { b.get("/end") },
		"login":             func(_ *app, b *browser, _ string) { b.get("/login?user=ada") },
		"revoked elsewhere": func(a *app, _ *browser, token string) { _ = a.client.Revoke(t.Context(), sessnode.Token(token)) },
		"expired":           func(a *app, _ *browser, _ string) { a.store.Advance(31 * sessnode.Day) },
	} {
		t.Run(name, func(t *testing.T) {
			pages := usual()
			loaded, letGo := paused(pages, func(_ http.ResponseWriter, _ *http.Request, s *sessions.Session) { s.Values["late"] = "x" })
			a := run(t, gorillastore.Options{SubjectFrom: "user"}, pages)
			b := a.browser()
			b.get("/put?k=a&v=1")
			old, now := b.token(), ""
			got := while(b, loaded, letGo, func() { end(a, b, old); now = b.token() })
			if got.status != 200 || got.body != "done" || got.cookie() != "" {
				t.Errorf("the late page = %d %q with cookie %q, want the page without a cookie", got.status, got.body, got.cookie())
			}
			if a.reason(old) == "" {
				t.Error("the old session lives")
			}
			if b.token() != now {
				t.Error("the late page changed the browser's cookie")
			}
			if name == "login" {
				b.want("/get?k=user", 200, "ada")
				b.want("/get?k=late", 200, "")
			}
		})
	}
}

// TestOnlyChangesAreSent counts the requests of pages, and cookies.
func TestOnlyChangesAreSent(t *testing.T) {
	pages := usual()
	pages["/map"] = func(_ http.ResponseWriter, _ *http.Request, s *sessions.Session) {
		m := map[string]any{}
		for i := range 20 { // gob writes a map in any order
			m[fmt.Sprint(i)] = int64(i)
		}
		s.Values["map"] = m
	}
	pages["/inside"] = func(_ http.ResponseWriter, _ *http.Request, s *sessions.Session) {
		s.Values["map"].(map[string]any)["0"] = 1
	}
	a := run(t, gorillastore.Options{}, pages)
	b := a.browser()
	for _, step := range []struct {
		path, calls string
		cookie      bool
	}{
		{"/none", "", false}, {"/put?k=a&v=1", "POST", true}, {"/put?k=a&v=1", "GET", false}, {"/none", "GET", false},
		{"/put?k=a&v=2", "GET PATCH", false}, {"/map", "GET PATCH", false}, {"/map", "GET", false}, {"/map", "GET", false},
		{"/inside", "GET PATCH", false}, {"/inside", "GET", false}, {"/unset?k=map", "GET PATCH", false}, {"/end", "GET DELETE", true}, {"/none", "", false},
	} {
		a.calls.take()
		got := b.get(step.path)
		if calls := a.calls.take(); calls != step.calls || (got.cookie() != "") != step.cookie {
			t.Errorf("GET %s made the requests %q, cookie %q, want %q, %t", step.path, calls, got.cookie(), step.calls, step.cookie)
		}
	}
}

func TestMaxAgeIsHowLongTheSessionLives(t *testing.T) {
	pages := usual()
	pages["/remember"] = func(_ http.ResponseWriter, _ *http.Request, s *sessions.Session) { s.Options.MaxAge = 86400 * 60 }
	pages["/browser"] = func(_ http.ResponseWriter, _ *http.Request, s *sessions.Session) { s.Options.MaxAge = 0 }
	a := run(t, gorillastore.Options{}, pages)
	b := a.browser()
	b.get("/put?k=a&v=1")
	lives := func(want time.Duration) {
		t.Helper()
		if got := time.Until(a.stored(b.token()).End); (got - want).Abs() > time.Minute {
			t.Errorf("the session lives for %v, want %v", got, want)
		}
	}
	lives(30 * sessnode.Day)
	if got := b.get("/remember"); got.cookie() == "" {
		t.Error("another MaxAge brought no cookie")
	}
	lives(60 * sessnode.Day)
	b.get("/browser")
	lives(12 * time.Hour) // the policy's

	// a tenth of it later: as if the store's own clock had gone on
	b.get("/none")
	lives(30 * sessnode.Day)
	early := time.Now().Add(26 * sessnode.Day)
	if _, err := a.client.Patch(t.Context(), sessnode.Token(b.token()), sessnode.Edit{Timeouts: sessnode.TimeoutChange{Expires: &early}}); err != nil {
		t.Fatal(err)
	}
	if got := b.get("/none"); got.cookie() == "" {
		t.Error("after a tenth of MaxAge Save sent no cookie")
	}
	lives(30 * sessnode.Day)
}

func TestASecondSaveInARequestComparesWithTheFirst(t *testing.T) {
	a := run(t, gorillastore.Options{}, usual())
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	session, err := a.sessions.Get(r, "session")
	if err != nil {
		t.Fatal(err)
	}
	session.Values["a"] = "1"
	w := httptest.NewRecorder()
	if err := errors.Join(session.Save(r, w), session.Save(r, w)); err != nil {
		t.Fatal(err)
	}
	session.Values["a"] = "2"
	if err := session.Save(r, w); err != nil {
		t.Fatal(err)
	}
	if calls := a.calls.take(); calls != "POST PATCH" || len(w.Result().Cookies()) != 1 {
		t.Errorf("three saves made the requests %q and %d cookies, want POST PATCH and one", calls, len(w.Result().Cookies()))
	}
}
