package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/alexedwards/scs/v2"
)

// scsApp is the five routes over scs, as its README shows them.
type scsApp struct{ m *scs.SessionManager }

func overSCS(m *scs.SessionManager) http.Handler {
	return m.LoadAndSave(mux(scsApp{m}))
}

func (a scsApp) login(w http.ResponseWriter, r *http.Request) {
	hold(r)
	if err := a.m.RenewToken(r.Context()); err != nil {
		a.m.ErrorFunc(w, r, err)
		return
	}
	a.m.Put(r.Context(), "user", r.FormValue("user"))
}

func (a scsApp) logout(w http.ResponseWriter, r *http.Request) {
	if err := a.m.Destroy(r.Context()); err != nil {
		a.m.ErrorFunc(w, r, err)
	}
}

func (a scsApp) set(_ http.ResponseWriter, r *http.Request) {
	name, inner, nested := strings.Cut(r.FormValue("k"), ".")
	hold(r)
	if !nested {
		a.m.Put(r.Context(), name, r.FormValue("v"))
		return
	}
	if m, ok := a.m.Get(r.Context(), name).(map[string]string); ok {
		m[inner] = r.FormValue("v")
		return
	}
	a.m.Put(r.Context(), name, map[string]string{inner: r.FormValue("v")})
}

func (a scsApp) get(w http.ResponseWriter, r *http.Request) {
	name, inner, nested := strings.Cut(r.FormValue("k"), ".")
	value := a.m.GetString(r.Context(), name)
	if m, ok := a.m.Get(r.Context(), name).(map[string]string); ok && nested {
		value = m[inner]
	}
	hold(r)
	fmt.Fprint(w, value)
}

func (a scsApp) pop(w http.ResponseWriter, r *http.Request) {
	hold(r)
	fmt.Fprint(w, a.m.PopString(r.Context(), r.FormValue("k")))
}
