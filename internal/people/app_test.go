package people

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sessnode/sessnode"
)

// fakeApp has the pages of the login app and sessions in memory, and can be made to misbehave.
type fakeApp struct {
	*httptest.Server
	down     atomic.Bool // 503 to everything
	forgets  atomic.Bool // signed-in people are taken for nobody
	mistakes atomic.Bool // signed-in people are taken for somebody else
	ghosts   atomic.Bool // a logout ends nothing
	odd      atomic.Bool // answers that make no sense

	mu       sync.Mutex
	sessions map[string]string
}

func newFakeApp(t *testing.T) *fakeApp {
	a := &fakeApp{sessions: map[string]string{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *fakeApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	cookie, _ := r.Cookie("s")
	name := ""
	if cookie != nil && !a.forgets.Load() {
		name = a.sessions[cookie.Value]
	}
	if name != "" && a.mistakes.Load() {
		name = "mallory"
	}
	switch {
	case a.down.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
	case a.odd.Load():
		w.WriteHeader(http.StatusTeapot)
	case r.URL.Path == "/login":
		token := sessnode.NewToken().Reveal()
		a.sessions[token] = r.FormValue("username")
		http.SetCookie(w, &http.Cookie{Name: "s", Value: token, Path: "/"})
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case r.URL.Path == "/logout":
		if cookie != nil && !a.ghosts.Load() {
			delete(a.sessions, cookie.Value)
		}
		http.SetCookie(w, &http.Cookie{Name: "s", Path: "/", MaxAge: -1})
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	case r.URL.Path == "/whoami" && name == "":
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintln(w, "nobody")
	case r.URL.Path == "/whoami":
		fmt.Fprintln(w, name)
	case name == "":
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	default:
		fmt.Fprintf(w, "<h1>Welcome back, %s!</h1>", name)
	}
}
