package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/sessions"
)

// gorillaApp is the five routes over gorilla/sessions, as its documentation shows them. It has no call for a new id on login.
// Values that are read once are its flash messages.
type gorillaApp struct {
	store    sessions.Store
	answered func(http.ResponseWriter, *http.Request, error) bool // answers where an error is in the way
	flashes  func(*http.Request, *sessions.Session, string) ([]any, error)
}

func overGorilla(s sessions.Store) http.Handler {
	return mux(gorillaApp{s, answer500, func(_ *http.Request, s *sessions.Session, key string) ([]any, error) { return s.Flashes(key), nil }})
}

func answer500(w http.ResponseWriter, _ *http.Request, err error) bool {
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
	return err != nil
}

// session loads the session and waits at the gate.
func (a gorillaApp) session(w http.ResponseWriter, r *http.Request) *sessions.Session {
	s, err := a.store.Get(r, "session")
	if a.answered(w, r, err) {
		return nil
	}
	hold(r)
	return s
}

func (a gorillaApp) save(w http.ResponseWriter, r *http.Request, s *sessions.Session) bool {
	return !a.answered(w, r, s.Save(r, w))
}

func (a gorillaApp) login(w http.ResponseWriter, r *http.Request) {
	if s := a.session(w, r); s != nil {
		s.Values["user"] = r.FormValue("user")
		a.save(w, r, s)
	}
}

func (a gorillaApp) logout(w http.ResponseWriter, r *http.Request) {
	if s := a.session(w, r); s != nil {
		s.Options.MaxAge = -1
		a.save(w, r, s)
	}
}

func (a gorillaApp) set(w http.ResponseWriter, r *http.Request) {
	s := a.session(w, r)
	if s == nil {
		return
	}
	name, inner, nested := strings.Cut(r.FormValue("k"), ".")
	switch m, ok := s.Values[name].(map[string]string); {
	case r.FormValue("once") != "":
		s.AddFlash(r.FormValue("v"), name)
	case ok && nested:
		m[inner] = r.FormValue("v")
	case nested:
		s.Values[name] = map[string]string{inner: r.FormValue("v")}
	default:
		s.Values[name] = r.FormValue("v")
	}
	a.save(w, r, s)
}

func (a gorillaApp) get(w http.ResponseWriter, r *http.Request) {
	s := a.session(w, r)
	if s == nil {
		return
	}
	name, inner, _ := strings.Cut(r.FormValue("k"), ".")
	value, _ := s.Values[name].(string)
	if m, ok := s.Values[name].(map[string]string); ok {
		value = m[inner]
	}
	fmt.Fprint(w, value)
}

func (a gorillaApp) pop(w http.ResponseWriter, r *http.Request) {
	s := a.session(w, r)
	if s == nil {
		return
	}
	taken, err := a.flashes(r, s, r.FormValue("k"))
	if a.answered(w, r, err) || !a.save(w, r, s) {
		return
	}
	for _, text := range taken {
		fmt.Fprint(w, text)
	}
}
