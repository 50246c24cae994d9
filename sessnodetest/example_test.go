package sessnodetest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/sessnodetest"
)

// greet is an application's handler: it greets who is signed in, and tells "signed out" from "cannot tell".
func greet(sessions *client.Client) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie("session")
		if err != nil {
			http.Error(w, "please sign in", http.StatusUnauthorized)
			return
		}
		s, err := sessions.Read(r.Context(), sessnode.Token(cookie.Value))
		switch {
		case errors.Is(err, sessnode.ErrNotFound):
			http.SetCookie(w, &http.Cookie{Name: "session", MaxAge: -1})
			http.Error(w, "please sign in", http.StatusUnauthorized)
		case err != nil:
			http.Error(w, "try again soon", http.StatusServiceUnavailable)
		default:
			_, _ = w.Write([]byte("hello " + s.Subject))
		}
	}
}

// TestApplicationKeepsTheCookieWhileTheStoreIsDown is how an application tests what users feel when nodes fail.
func TestApplicationKeepsTheCookieWhileTheStoreIsDown(t *testing.T) {
	store := sessnodetest.New(t)
	sessions := store.Client("web")
	token, _, err := sessions.Create(t.Context(), client.Create{Subject: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	visit := func() *http.Response {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.AddCookie(&http.Cookie{Name: "session", Value: token.Reveal()})
		w := httptest.NewRecorder()
		greet(sessions)(w, request)
		return w.Result()
	}
	store.FailNext(1, sessnodetest.Unavailable)
	if got := visit(); got.StatusCode != http.StatusServiceUnavailable || len(got.Cookies()) != 0 {
		t.Errorf("visit while the store is down = %d with cookies %v, want 503 and the cookie left alone", got.StatusCode, got.Cookies())
	}
	if got := visit(); got.StatusCode != http.StatusOK {
		t.Errorf("visit when it is back = %d, want 200", got.StatusCode)
	}
	if err := sessions.Revoke(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if got := visit(); got.StatusCode != http.StatusUnauthorized || len(got.Cookies()) != 1 {
		t.Errorf("visit after logout = %d with cookies %v, want 401 and the cookie cleared", got.StatusCode, got.Cookies())
	}
}
