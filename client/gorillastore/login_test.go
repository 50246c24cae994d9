package gorillastore_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/gorilla/sessions"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/gorillastore"
)

func TestALoginGetsANewTokenAndBelongsToItsSubject(t *testing.T) {
	a := run(t, gorillastore.Options{SubjectFrom: "user"}, usual())
	b := a.browser()
	b.get("/put?k=cart&v=book")
	planted, id := b.token(), a.stored(b.token()).ID
	b.get("/login?user=ada")
	if got := a.stored(b.token()); got.Subject != "ada" || got.ID != id || len(got.Attrs) != 2 || got.Device.UserAgent == "" {
		t.Errorf("after the login the session is %v of %q with %v", got.ID, got.Subject, got.Attrs)
	}
	if a.reason(planted) == "" {
		t.Error("the token from before the login is good")
	}
	b.want("/get?k=cart", 200, "book")
	other := a.browser()
	other.get("/login?user=ada")
	if n, err := a.client.RevokeSubject(t.Context(), "ada", sessnode.ID{}); n != 2 || err != nil {
		t.Errorf("RevokeSubject = %d, %v", n, err)
	}
	b.want("/get?k=user", 200, "")
}

func TestALogoutEndsTheSessionAndKeepsWhatIsSaidAboutIt(t *testing.T) {
	pages := usual()
	pages["/logout"] = func(_ http.ResponseWriter, _ *http.Request, s *sessions.Session) {
		delete(s.Values, "user")
		s.AddFlash("bye")
	}
	pages["/flashes"] = func(w http.ResponseWriter, _ *http.Request, s *sessions.Session) { fmt.Fprint(w, s.Flashes()) }
	a := run(t, gorillastore.Options{SubjectFrom: "user"}, pages)
	b := a.browser()
	b.get("/login?user=ada")
	b.get("/put?k=secret&v=x")
	old := b.token()
	b.get("/logout")
	if a.reason(old) != sessnode.ReasonRevoked || b.token() == old || b.token() == "" {
		t.Error("the session of the subject lives, or the browser has its cookie, or no new one")
	}
	if got := a.stored(b.token()); got.Subject != "" || len(got.Attrs) != 1 {
		t.Errorf("the new session has subject %q and %v, want the message alone", got.Subject, got.Attrs)
	}
	b.want("/flashes", 200, "[bye]")
	b.get("/login?user=ada")
	b.get("/unset?k=user")
	if b.token() != "" {
		t.Error("after a logout without anything to say the browser has a cookie")
	}
}

func TestAnotherSubjectGetsNothingOfTheFormer(t *testing.T) {
	a := run(t, gorillastore.Options{SubjectFrom: "user"}, usual())
	b := a.browser()
	b.get("/login?user=ada")
	b.get("/put?k=secret&v=x")
	old := b.token()
	b.get("/login?user=bob")
	got := a.stored(b.token())
	if got.Subject != "bob" || len(got.Attrs) != 1 || a.reason(old) == "" {
		t.Errorf("bob's session is of %q with %v", got.Subject, got.Attrs)
	}
}

// TestADoubleClickOnLoginEndsSignedIn whichever answer the browser takes.
func TestADoubleClickOnLoginEndsSignedIn(t *testing.T) {
	pages := usual()
	loaded, letGo := paused(pages, func(_ http.ResponseWriter, _ *http.Request, s *sessions.Session) { s.Values["user"] = "ada" })
	a := run(t, gorillastore.Options{SubjectFrom: "user"}, pages)
	b := a.browser()
	b.get("/put?k=a&v=1")
	got := while(b, loaded, letGo, func() { b.get("/login?user=ada") })
	if got.status != 200 || got.cookie() == "" {
		t.Errorf("the second login = %d with cookie %q, want one", got.status, got.cookie())
	}
	b.want("/get?k=user", 200, "ada")
	b.want("/get?k=a", 200, "")
}

func TestRotateGivesANewTokenAndTheOldOneAGrace(t *testing.T) {
	pages := usual()
	var store *gorillastore.Store
	pages["/rotate"] = func(_ http.ResponseWriter, _ *http.Request, s *sessions.Session) { store.Rotate(s) }
	pages["/no-id"] = func(_ http.ResponseWriter, _ *http.Request, s *sessions.Session) { s.ID = "" }
	a := run(t, gorillastore.Options{}, pages)
	store = a.sessions
	b := a.browser()
	b.get("/put?k=a&v=1")
	for _, path := range []string{"/rotate", "/no-id"} {
		old := b.token()
		b.get(path)
		if b.token() == old || a.reason(old) != "" {
			t.Errorf("after %s the token is the same, or the old one has no grace", path)
		}
		b.want("/get?k=a", 200, "1")
	}
}

func TestAFlashIsTakenByOneRequestOnly(t *testing.T) {
	pages := usual()
	var store *gorillastore.Store
	pages["/flash"] = func(_ http.ResponseWriter, _ *http.Request, s *sessions.Session) {
		s.AddFlash("hello")
		s.AddFlash("more", "custom")
	}
	pages["/take"] = func(w http.ResponseWriter, r *http.Request, s *sessions.Session) {
		list, err := store.Flashes(r.Context(), s)
		fmt.Fprint(w, list, err)
	}
	pages["/both"] = func(w http.ResponseWriter, r *http.Request, s *sessions.Session) {
		s.AddFlash("own")
		list, err := store.Flashes(r.Context(), s)
		fmt.Fprint(w, list, err)
	}
	var taken []any
	loaded, letGo := paused(pages, func(http.ResponseWriter, *http.Request, *sessions.Session) {})
	slow := pages["/slow"]
	pages["/slow"] = func(w http.ResponseWriter, r *http.Request, s *sessions.Session) {
		slow(w, r, s)
		taken, _ = store.Flashes(r.Context(), s)
	}
	a := run(t, gorillastore.Options{FlashKeys: []string{"custom"}}, pages)
	store = a.sessions
	b := a.browser()
	b.get("/flash")
	while(b, loaded, letGo, func() { b.want("/take", 200, "[hello] <nil>") })
	if len(taken) != 0 {
		t.Errorf("a parallel request took %v too", taken)
	}
	b.want("/take", 200, "[] <nil>")
	b.get("/flash")
	a.calls.take()
	b.want("/take", 200, "[hello] <nil>")
	if got := a.calls.take(); got != "GET POST" {
		t.Errorf("taking messages made the requests %q, want GET POST", got)
	}
	b.get("/flash")
	b.want("/both", 200, "[hello own] <nil>")
	b.want("/take", 200, "[] <nil>")
	if got := len(a.stored(b.token()).Attrs); got != 3 {
		t.Errorf("the store has %d attributes, want the three messages of the other key", got)
	}
}

// TestATokenFromBeforeALoginStoresNothing: the browser may have the cookie of the login by now, and nobody may replace that.
func TestATokenFromBeforeALoginStoresNothing(t *testing.T) {
	a := run(t, gorillastore.Options{SubjectFrom: "user"}, usual())
	b := a.browser()
	b.get("/put?k=a&v=1")
	old := b.token()
	b.get("/login?user=ada")
	late := a.browser()
	late.plant(old)
	for _, path := range []string{"/put?k=a&v=2", "/none"} {
		if got := late.get(path); got.status != 200 || got.cookie() != "" {
			t.Errorf("GET %s with the old token = %d with cookie %q, want the page without a cookie", path, got.status, got.cookie())
		}
	}
	if got := late.get("/login?user=bob"); got.cookie() == "" {
		t.Error("a login with the old token brought no cookie")
	}
}

// TestASaveAfterALogoutBringsNothingOfTheFormerSubjectBack though the handler still has its Values.
func TestASaveAfterALogoutBringsNothingOfTheFormerSubjectBack(t *testing.T) {
	pages := usual()
	pages["/logout-twice"] = func(w http.ResponseWriter, r *http.Request, s *sessions.Session) {
		delete(s.Values, "user")
		s.Values["note"] = "bye"
		if err := s.Save(r, w.(buffered).ResponseWriter); err != nil {
			t.Error(err)
		}
		s.Values["more"] = "x"
	}
	a := run(t, gorillastore.Options{SubjectFrom: "user"}, pages)
	b := a.browser()
	b.get("/login?user=ada")
	b.get("/put?k=secret&v=x")
	b.get("/logout-twice")
	if got := a.stored(b.token()).Attrs; len(got) != 2 || got["secret"].Data != nil {
		t.Errorf("the new session has %v, want note and more", got)
	}
}
