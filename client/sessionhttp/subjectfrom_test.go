package sessionhttp_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/sessnode/sessnode/client/sessionhttp"
	"github.com/sessnode/sessnode/sessnodetest"
)

// TestSubjectFromFollowsTheAttribute: an application that signs people in as the articles do, by setting a value, gets a new token
// and a bound session for it; taking the value away ends the session.
func TestSubjectFromFollowsTheAttribute(t *testing.T) {
	a := run(t, sessionhttp.Options{SubjectFrom: "user"}, routes{
		"/cart": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Set("cart", 1) },
		"/set": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			var v any
			if err := json.Unmarshal([]byte(r.FormValue("v")), &v); err != nil {
				t.Error(err)
			}
			s.Set("user", v)
			_, _ = w.Write([]byte(s.Subject()))
		},
		"/unset": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) {
			s.Unset("user")
			s.Flash("ok", "Signed out")
			_, _ = w.Write([]byte(s.Subject()))
		},
	})
	b := a.browser()
	b.get("/cart")
	last := b.cookie()
	step := func(path, subject, oldToken string, attrs int) {
		t.Helper()
		b.want(path, 200, subject)
		now := b.cookie()
		if a.reason(last) != oldToken || (now != last) != (oldToken != "") {
			t.Errorf("GET %s left the old token %q, want %q", path, a.reason(last), oldToken)
		}
		if now != "" {
			if got := a.stored(now); got.Subject != subject || len(got.Attrs) != attrs {
				t.Errorf("GET %s left %+v, want the subject %q and %d attributes", path, got, subject, attrs)
			}
		}
		last = now
	}
	step(`/set?v="ada"`, "ada", "gone rotated", 2) // appears
	step(`/set?v="ada"`, "ada", "", 2)             // the same again
	step(`/set?v="bob"`, "bob", "gone rotated", 1) // changes: ada's cart is not bob's
	step(`/set?v=17`, "17", "gone rotated", 1)
	step(`/unset`, "", "gone revoked", 1) // goes: what is left is the message, in a new session
	step(`/unset`, "", "", 2)
	step(`/set?v="ada"`, "ada", "gone rotated", 3)
	step(`/set?v=null`, "", "gone revoked", 0)
	last = ""
	b.want(`/set?v="ada"`, 200, "ada")
	last = b.cookie()
	step(`/set?v=""`, "", "gone revoked", 0)
	if got := b.get(`/set?v=["ada"]`); got.status != 500 || got.setsCookie() {
		t.Errorf("a list as the subject = %d %v, want 500", got.status, got.header)
	}
}

func TestSubjectFromKeepsTheCookieWhileTheStoreIsDown(t *testing.T) {
	a := run(t, sessionhttp.Options{SubjectFrom: "user"}, routes{
		"/in":  func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Set("user", "ada") },
		"/out": func(w http.ResponseWriter, r *http.Request, s *sessionhttp.Session) { s.Unset("user") },
	})
	b := a.browser()
	b.get("/in")
	before := b.cookie()
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		a.calls.onEach(func(r *http.Request) {
			if r.Method == method {
				a.store.FailNext(1, sessnodetest.Unavailable)
			}
		})
		if got := b.get("/out"); got.status != 503 || got.setsCookie() {
			t.Errorf("logout while %s fails = %d %v, want 503 and the cookie left alone", method, got.status, got.header)
		}
	}
	a.calls.onEach(nil)
	if a.stored(before).Subject != "ada" {
		t.Error("ada was signed out")
	}
}
