package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/sessnode/sessnode/client/sessionhttp"
)

// sessionhttpApp is the five routes over sessionhttp. The values that are read once are its flash messages.
type sessionhttpApp struct{}

// session loads the session and waits at the gate.
func session(r *http.Request) *sessionhttp.Session {
	s := sessionhttp.From(r)
	s.Has("user")
	hold(r)
	return s
}

func (sessionhttpApp) login(_ http.ResponseWriter, r *http.Request) {
	session(r).Login(r.FormValue("user"))
}

func (sessionhttpApp) logout(_ http.ResponseWriter, r *http.Request) { session(r).Logout() }

func (sessionhttpApp) set(_ http.ResponseWriter, r *http.Request) {
	s := session(r)
	k, v := r.FormValue("k"), r.FormValue("v")
	name, inner, nested := strings.Cut(k, ".")
	switch m, ok := sessionhttp.Get[map[string]string](s, name); {
	case r.FormValue("once") != "":
		s.Flash(k, v)
	case nested && ok:
		m[inner] = v
	case nested:
		s.Set(name, map[string]string{inner: v})
	default:
		s.Set(name, v)
	}
}

func (sessionhttpApp) get(w http.ResponseWriter, r *http.Request) {
	s := sessionhttp.From(r)
	name, inner, nested := strings.Cut(r.FormValue("k"), ".")
	var value string
	switch {
	case name == "user":
		value = s.Subject()
	case nested:
		m, _ := sessionhttp.Get[map[string]string](s, name)
		value = m[inner]
	default:
		value = s.String(name)
	}
	hold(r)
	fmt.Fprint(w, value)
}

func (sessionhttpApp) pop(w http.ResponseWriter, r *http.Request) {
	for _, f := range session(r).Flashes() {
		if f.Kind == r.FormValue("k") {
			fmt.Fprint(w, f.Text)
		}
	}
}
