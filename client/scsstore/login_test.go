package scsstore_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/scsstore"
)

func TestALoginBelongsToItsSubject(t *testing.T) {
	a := run(t, scsstore.Options{SubjectFrom: "user"}, usual())
	b := a.browser()
	b.get("/put?k=cart&v=book")
	anonymous := b.token()
	b.get("/login?user=ada")
	if got := a.stored(b.token()); got.Subject != "ada" || got.Authenticated.IsZero() || len(got.Attrs) != 2 {
		t.Errorf("after the login the session has subject %q, attributes %v", got.Subject, got.Attrs)
	}
	if a.reason(anonymous) != sessnode.ReasonRevoked {
		t.Error("the token from before the login is good")
	}
	b.want("/get?k=cart", 200, "book")
	if n, err := a.client.RevokeSubject(t.Context(), "ada", sessnode.ID{}); n != 1 || err != nil {
		t.Errorf("RevokeSubject = %d, %v", n, err)
	}
	b.want("/get?k=user", 200, "")
}

func TestASubjectOnAnOldTokenIsRefusedAndOneThatGoesEndsTheSession(t *testing.T) {
	pages := usual()
	pages["/unset"] = func(_ http.ResponseWriter, r *http.Request, s *scs.SessionManager) { s.Remove(r.Context(), "user") }
	a := run(t, scsstore.Options{SubjectFrom: "user"}, pages)
	b := a.browser()
	b.get("/put?k=a&v=1")
	planted := b.token()
	if got := b.get("/put?k=user&v=ada"); got.status != 500 || got.header.Get("Set-Cookie") != "" {
		t.Errorf("a login without RenewToken = %d, want 500", got.status)
	}
	if got := a.stored(planted); got.Subject != "" || len(got.Attrs) != 1 {
		t.Errorf("a login without RenewToken stored subject %q, %v", got.Subject, got.Attrs)
	}
	b.get("/login?user=ada")
	if got := b.get("/put?k=user&v=bob"); got.status != 500 {
		t.Errorf("another subject on the same token = %d, want 500", got.status)
	}
	for _, path := range []string{"/unset", "/clear"} {
		b.get("/login?user=ada")
		token := b.token()
		b.get("/put?k=a&v=2")
		b.get(path)
		if a.reason(token) != sessnode.ReasonRevoked {
			t.Errorf("after %s the session of the subject lives", path)
		}
	}
}

// TestSessionsFromBeforeSubjectFromGoOn: they have the key, and no subject.
func TestSessionsFromBeforeSubjectFromGoOn(t *testing.T) {
	a := run(t, scsstore.Options{}, usual())
	b := a.browser()
	b.get("/login?user=ada")
	a.sessions.Store = scsstore.New(a.client, scsstore.Options{SubjectFrom: "user"})
	b.want("/put?k=a&v=1", 200, "")
	b.want("/get?k=a", 200, "1")
}

// TestALateAnswerLeavesTheCookieOfALoginAlone: with an IdleTimeout scs commits after a page that changed nothing, and sends the cookie.
func TestALateAnswerLeavesTheCookieOfALoginAlone(t *testing.T) {
	loaded, goOn := make(chan struct{}), make(chan struct{})
	pages := usual()
	pages["/slow"] = func(http.ResponseWriter, *http.Request, *scs.SessionManager) { close(loaded); <-goOn }
	a := run(t, scsstore.Options{SubjectFrom: "user"}, pages)
	a.sessions.IdleTimeout = 20 * time.Minute
	b := a.browser()
	b.get("/put?k=cart&v=book")
	late := make(chan page)
	go func() { late <- b.get("/slow") }() // ends with the page
	<-loaded
	b.get("/login?user=ada")
	close(goOn)
	if got := <-late; got.status != 200 || got.header.Get("Set-Cookie") != "" {
		t.Errorf("the late answer = %d with Set-Cookie %t, want 200 without", got.status, got.header.Get("Set-Cookie") != "")
	}
	b.want("/get?k=user", 200, "ada")
}

func TestTimeoutsAreThoseOfScs(t *testing.T) {
	pages := usual()
	pages["/longer"] = func(_ http.ResponseWriter, r *http.Request, s *scs.SessionManager) {
		s.SetDeadline(r.Context(), s.Deadline(r.Context()).Add(time.Hour))
	}
	a := run(t, scsstore.Options{}, pages)
	a.sessions.Lifetime = 72 * time.Hour
	b := a.browser()
	b.get("/put?k=a&v=1")
	got := a.stored(b.token())
	if life := time.Until(got.End); life < 71*time.Hour || life > 73*time.Hour || got.Timeouts.Idle < 24*time.Hour {
		t.Errorf("the session lives for %v, idle %v, want 72 h and no idle timeout", life, got.Timeouts.Idle)
	}
	b.get("/longer")
	if grown := a.stored(b.token()).End.Sub(got.End); grown != time.Hour {
		t.Errorf("SetDeadline moved the end by %v, want 1 h", grown)
	}
	a.sessions.IdleTimeout = 10 * time.Minute
	b.get("/get?k=a")
	if idle := a.stored(b.token()).Timeouts.Idle; idle != 10*time.Minute {
		t.Errorf("with IdleTimeout the session has idle %v, want 10m", idle)
	}
	a.store.Advance(9 * time.Minute)
	b.want("/get?k=a", 200, "1")
	a.store.Advance(9 * time.Minute)
	b.want("/get?k=a", 200, "1")
	a.sessions.IdleTimeout = 0
	b.get("/put?k=a&v=2")
	if idle := a.stored(b.token()).Timeouts.Idle; idle < 24*time.Hour {
		t.Errorf("with IdleTimeout turned off the session has idle %v", idle)
	}
	a.sessions.IdleTimeout = 10 * time.Minute
	b.get("/put?k=a&v=3")
	a.store.Advance(time.Hour)
	b.want("/get?k=a", 200, "")
}

func TestIterateGivesHandlesThatEndSessionsAndOpenNone(t *testing.T) {
	a := run(t, scsstore.Options{}, usual())
	ada, bob := a.browser(), a.browser()
	ada.get("/put?k=user&v=ada")
	bob.get("/put?k=user&v=bob")
	handles := map[string]string{}
	err := a.sessions.Iterate(t.Context(), func(ctx context.Context) error {
		user, handle := a.sessions.GetString(ctx, "user"), a.sessions.Token(ctx)
		handles[user] = handle
		if _, _, err := a.sessions.Commit(ctx); err != nil {
			t.Errorf("Commit of an unchanged session = %v", err)
		}
		if user == "ada" {
			return a.sessions.Destroy(ctx)
		}
		a.sessions.Put(ctx, "user", "eve")
		if _, _, err := a.sessions.Commit(ctx); err == nil {
			t.Error("Commit of a changed session through a handle = nil, want an error")
		}
		return nil
	})
	if err != nil || len(handles) != 2 {
		t.Fatalf("Iterate saw %d sessions, %v", len(handles), err)
	}
	ada.want("/get?k=user", 200, "")
	bob.want("/get?k=user", 200, "bob")
	for user, handle := range handles {
		if handle == ada.token() || handle == bob.token() {
			t.Errorf("the handle of %s is a token", user)
		}
		thief := a.browser()
		thief.plant(handle)
		thief.want("/get?k=user", 200, "")
	}
	if err := scsstore.New(a.client, scsstore.Options{}).Delete("id:nonsense"); err != nil {
		t.Errorf("Delete of a handle that names nothing = %v", err)
	}
}
