package sessionhttp_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client/sessionhttp"
	"github.com/sessnode/sessnode/sessnodetest"
)

func devicePages() routes {
	pages := members()
	pages["/list"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		list, err := s.List()
		here := 0
		for _, other := range list {
			if other.ID == s.ID() {
				here++
			}
		}
		_, _ = fmt.Fprint(w, len(list), " ", here, " ", err)
	}
	pages["/end/{id}"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		id, err := sessnode.ParseID(r.PathValue("id"))
		if err == nil {
			err = s.Revoke(id)
		}
		_, _ = fmt.Fprint(w, sessnode.CodeOf(err))
	}
	pages["/others"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		n, err := s.LogoutOthers()
		_, _ = fmt.Fprint(w, n, " ", sessnode.CodeOf(err))
	}
	pages["/everywhere"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		n, err := s.LogoutEverywhere()
		_, _ = fmt.Fprintf(w, "%d %v %q", n, sessnode.CodeOf(err), s.Subject())
	}
	pages["/password"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		s.Login(s.Subject())
		n, err := s.LogoutOthers()
		_, _ = fmt.Fprint(w, n, " ", err)
	}
	return pages
}

// TestPeopleEndTheirOwnSessions, and nobody else's (ASVS 7.4.3, 7.5.2).
func TestPeopleEndTheirOwnSessions(t *testing.T) {
	a := run(t, sessionhttp.Options{}, devicePages())
	laptop, phone, library, bob, nobody := a.browser(), a.browser(), a.browser(), a.browser(), a.browser()
	for _, b := range []*browser{laptop, phone, library} {
		b.get("/login/ada")
	}
	bob.get("/login/bob")
	laptop.want("/list", 200, "3 1 <nil>")
	nobody.want("/list", 200, "0 0 <nil>")
	id := func(b *browser) string { return a.stored(b.cookie()).ID.String() }

	for _, stranger := range []*browser{bob, nobody} {
		stranger.want("/end/"+id(library), 200, "not_found")
		stranger.want("/end/nonsense", 200, "invalid")
	}
	laptop.want("/end/"+id(bob), 200, "not_found")
	libraryToken := library.cookie()
	laptop.want("/end/"+id(library), 200, "ok")
	if a.reason(libraryToken) != "gone revoked" {
		t.Errorf("the library's token is %q, want it revoked", a.reason(libraryToken))
	}
	library.want("/read", 200, " ")
	laptop.want("/others", 200, "1 ok")
	phone.want("/read", 200, " ")
	laptop.want("/list", 200, "1 1 <nil>")
	bob.want("/read", 200, "bob ")

	own := laptop.cookie()
	laptop.want("/end/"+id(laptop), 200, "ok")
	if a.reason(own) != "gone revoked" || laptop.cookie() != "" {
		t.Errorf("after ending one's own session the token is %q and the cookie %q", a.reason(own), laptop.cookie())
	}
	nobody.want("/others", 200, "0 ok")
	nobody.want("/everywhere", 200, `0 ok ""`)
}

func TestLogoutEverywhereTakesThisOneAlong(t *testing.T) {
	a := run(t, sessionhttp.Options{}, devicePages())
	here, there := a.browser(), a.browser()
	here.get("/login/ada")
	there.get("/login/ada")
	own := here.cookie()
	here.want("/everywhere", 200, `2 ok ""`)
	if a.reason(own) != "gone revoked" || here.cookie() != "" {
		t.Errorf("the token is %q and the cookie %q, want both gone", a.reason(own), here.cookie())
	}
	there.want("/read", 200, " ")
}

func TestChangeOfPasswordKeepsThisOneUnderANewToken(t *testing.T) {
	a := run(t, sessionhttp.Options{}, devicePages())
	here, there := a.browser(), a.browser()
	here.get("/login/ada")
	there.get("/login/ada")
	before := here.cookie()
	here.want("/password", 200, "1 <nil>")
	here.want("/list", 200, "1 1 <nil>")
	there.want("/read", 200, " ")
	if a.reason(before) != "gone rotated" {
		t.Errorf("the token from before is %q, want it dead", a.reason(before))
	}
}

func TestErrorsOfTheStoreReachWhoAsked(t *testing.T) {
	a := run(t, sessionhttp.Options{}, devicePages())
	b := a.browser()
	b.get("/login/ada")
	id := a.stored(b.cookie()).ID.String()
	b.get("/read")
	for path, want := range map[string]string{"/others": "0 unknown", "/everywhere": `0 unknown "ada"`} {
		a.calls.onEach(func(r *http.Request) {
			if r.Method == http.MethodDelete {
				a.store.FailNext(1, sessnodetest.UnknownBefore)
			}
		})
		b.want(path, 200, want)
	}
	a.calls.onEach(func(r *http.Request) { a.store.FailNext(1, sessnodetest.Unavailable) })
	for path, want := range map[string]string{"/others": "0 unavailable", "/end/" + id: "unavailable"} {
		b.want(path, 200, want)
	}
	a.calls.onEach(nil)
	b.want("/list", 200, "1 1 <nil>")
}

// TestPolicyLimitIsToldApart: no place left for one more session is neither a failure of the store nor a wrong password.
func TestPolicyLimitIsToldApart(t *testing.T) {
	pages := devicePages()
	pages["/ask"] = func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
		s.Login("ada")
		_, _ = fmt.Fprint(w, errors.Is(s.Commit(), sessnode.ErrLimit))
	}
	a := run(t, sessionhttp.Options{}, pages)
	policy := sessnode.DefaultPolicy()
	policy.SubjectLimit = 1
	if _, err := a.sessions.PutPolicy(t.Context(), policy); err != nil {
		t.Fatal(err)
	}
	a.browser().get("/login/ada")
	b := a.browser()
	if got := b.get("/login/ada"); got.status != 409 || got.setsCookie() || got.header.Get("Retry-After") != "" {
		t.Errorf("one login too many = %d %v, want 409", got.status, got.header)
	}
	b.want("/ask", 200, "true")
}
