package torture_test

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/sessnode/sessnode/e2e/torture"
)

// faults are the ways in which the reference application can be wrong. Each is what some real store does.
type faults struct {
	saveBlindly   bool // writes everything it loaded, whether or not the session still exists
	saveOnRead    bool // and after page views too
	keepOnLogout  bool // the record stays
	keepOnLogin   bool // the login keeps the token
	killOnLogin   bool // a request that finds its session replaced clears the cookie
	renewOnRead   bool // sends the cookie that came again
	readThenPop   bool // takes a value out of what it loaded
	missNested    bool // sees a change in a map only if the map was put again
	ignoreLimit   bool
	neverHold     bool
	failOnRotated bool // 500 for a request whose token was replaced
}

// reference is a small application with sessions in memory, right unless told otherwise.
type reference struct {
	faults
	gate  string
	limit int

	mu       sync.Mutex
	sessions map[string]map[string]string
}

func newReference(f faults, gate string) http.Handler {
	app := &reference{faults: f, gate: gate, limit: 2, sessions: map[string]map[string]string{}}
	mux := http.NewServeMux()
	for pattern, handle := range map[string]func(*visit){
		"POST /login": app.login, "POST /logout": app.logout, "POST /set": app.set, "GET /get": app.get, "POST /pop": app.pop,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { handle(app.load(w, r)) })
	}
	return mux
}

// visit is one request and what it loaded.
type visit struct {
	w      http.ResponseWriter
	r      *http.Request
	token  string
	loaded map[string]string
}

func (a *reference) load(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{w: w, r: r, loaded: map[string]string{}}
	if c, err := r.Cookie("token"); err == nil {
		a.mu.Lock()
		if stored := a.sessions[c.Value]; stored != nil {
			v.token, v.loaded = c.Value, maps.Clone(stored)
		}
		a.mu.Unlock()
	}
	if name := r.URL.Query().Get("hold"); name != "" && !a.neverHold {
		if resp, err := http.Get(a.gate + name); err == nil {
			_ = resp.Body.Close()
		}
	}
	return v
}

// save stores one change, or everything.
func (a *reference) save(v *visit, k, value string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if k != "" {
		v.loaded[k] = value
	}
	stored := a.sessions[v.token]
	switch {
	case v.token == "":
		v.token = rand.Text()
		a.sessions[v.token] = map[string]string{k: value}
		http.SetCookie(v.w, &http.Cookie{Name: "token", Value: v.token})
	case a.saveBlindly:
		a.sessions[v.token] = v.loaded
	case stored == nil && a.failOnRotated:
		v.w.WriteHeader(http.StatusInternalServerError)
	case stored == nil && a.killOnLogin:
		http.SetCookie(v.w, &http.Cookie{Name: "token", MaxAge: -1})
	case stored != nil && k != "":
		stored[k] = value
	}
}

func (a *reference) login(v *visit) {
	user := v.r.FormValue("user")
	a.mu.Lock()
	n := 0
	for _, s := range a.sessions {
		if s["user"] == user {
			n++
		}
	}
	if n >= a.limit && !a.ignoreLimit {
		a.mu.Unlock()
		v.w.WriteHeader(http.StatusConflict)
		return
	}
	if v.token == "" || !a.keepOnLogin {
		delete(a.sessions, v.token)
		v.token = rand.Text()
		http.SetCookie(v.w, &http.Cookie{Name: "token", Value: v.token})
	}
	v.loaded["user"] = user
	a.sessions[v.token] = v.loaded
	a.mu.Unlock()
}

func (a *reference) logout(v *visit) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.keepOnLogout {
		delete(a.sessions, v.token)
	}
	http.SetCookie(v.w, &http.Cookie{Name: "token", MaxAge: -1})
}

func (a *reference) set(v *visit) {
	k := v.r.FormValue("k")
	outer, _, inside := strings.Cut(k, ".")
	if inside && a.missNested && hasPrefix(v.loaded, outer+".") {
		return
	}
	a.save(v, k, v.r.FormValue("v"))
}

func (a *reference) get(v *visit) {
	if a.renewOnRead && v.token != "" {
		http.SetCookie(v.w, &http.Cookie{Name: "token", Value: v.token})
	}
	if a.saveOnRead && v.token != "" {
		a.save(v, "", "")
	}
	fmt.Fprintln(v.w, v.loaded[v.r.FormValue("k")])
}

func (a *reference) pop(v *visit) {
	k := v.r.FormValue("k")
	a.mu.Lock()
	defer a.mu.Unlock()
	from := a.sessions[v.token]
	if a.readThenPop {
		from = v.loaded
	}
	fmt.Fprintln(v.w, from[k])
	delete(a.sessions[v.token], k)
}

func hasPrefix(m map[string]string, prefix string) bool {
	for k := range m {
		if strings.HasPrefix(k, prefix) {
			return true
		}
	}
	return false
}

// try plays all trials once against the reference with faults.
func try(t *testing.T, f faults) map[string]*torture.Tally {
	t.Helper()
	gate, err := torture.NewGate()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(newReference(f, gate.URL()))
	defer func() { _ = gate.Close(); server.Close() }()
	app := &torture.App{URL: server.URL, Gate: gate, Limit: 2}
	tallies := map[string]*torture.Tally{}
	for i, trial := range torture.Trials() {
		tally := &torture.Tally{}
		tally.Add(trial.Try(t.Context(), app, fmt.Sprintf("ada-%d", i)))
		tallies[trial.Name] = tally
	}
	return tallies
}
