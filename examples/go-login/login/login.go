// Package login is the login app of the articles that sessnode began with (home, login, logout), on net/http and
// client/sessionhttp, with a list of the places where a person is signed in. It is an example to copy from: the routes are here, what
// people see is in web/.
//
// Its handler is safe for concurrent use and keeps nothing of its own: all state is in the sessions.
package login

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/sessionhttp"
)

// Options are the settings of the app. The zero value is good.
type Options struct {
	// Users are the passwords by user name. Nil means ada and grace, both with the password demo, which the login page then says.
	Users map[string]string

	// Title is the name of the app on its pages. Empty means "Reading Room".
	Title string

	// Cookie is the name of the cookie. Empty means that of sessionhttp. Applications that share one login have the same.
	Cookie string

	// Log gets what goes wrong. Nil means slog.Default().
	Log *slog.Logger
}

// maxBody is the most bytes of a form that are read.
const maxBody = 64 << 10

// app is what the handlers share.
type app struct {
	users accounts
	pages *pages
	log   *slog.Logger
}

// New returns the app over the sessions of the client's app. The error tells of options that make no sense; nothing is connected.
func New(sessions *client.Client, o Options) (http.Handler, error) {
	if o.Title == "" {
		o.Title = "Reading Room"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	users, err := newAccounts(o.Users)
	if err != nil {
		return nil, err
	}
	pages, err := newPages(o.Title, o.Users == nil)
	if err != nil {
		return nil, err
	}
	a := &app{users: users, pages: pages, log: o.Log}
	m, err := sessionhttp.New(sessions, sessionhttp.Options{CookieName: o.Cookie, Log: o.Log, OnError: a.storeFailed})
	if err != nil {
		return nil, err
	}
	forms := http.NewCrossOriginProtection() // a page of another site cannot post our forms
	return withHeaders(http.MaxBytesHandler(forms.Handler(m.Wrap(a.routes())), maxBody)), nil
}

func (a *app) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /login", a.loginForm)
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("POST /logout", a.logout)
	mux.HandleFunc("POST /devices/end", a.endDevice)
	mux.HandleFunc("POST /devices/end-others", a.endOthers)
	mux.HandleFunc("GET /whoami", whoami)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /style.css", a.pages.style)
	return mux
}

// home greets who is signed in, and sends everybody else to the login page.
func (a *app) home(w http.ResponseWriter, r *http.Request) {
	s := sessionhttp.From(r)
	if s.Subject() == "" {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	s.Incr("visits", 1)
	places, err := s.List()
	if err != nil {
		a.storeFailed(w, r, err)
		return
	}
	a.pages.show(w, http.StatusOK, "home", homePage{
		User: s.Subject(), Visits: s.Int64("visits"), Flashes: s.Flashes(), Devices: devicesOf(places, s.ID()),
	})
}

func (a *app) loginForm(w http.ResponseWriter, r *http.Request) {
	s := sessionhttp.From(r)
	if s.Subject() != "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	a.pages.show(w, http.StatusOK, "login", loginPage{Flashes: s.Flashes()})
}

// login checks a password and signs in. What was wrong, the name or the password, is nobody's business.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	user, password := r.PostFormValue("username"), r.PostFormValue("password")
	if !a.users.match(user, password) {
		a.pages.show(w, http.StatusUnauthorized, "login", loginPage{User: user, Wrong: true})
		return
	}
	s := sessionhttp.From(r)
	s.Login(user)
	s.Set("visits", 0)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	s := sessionhttp.From(r)
	s.Logout()
	s.Flash("ok", "Signed out")
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// endDevice ends one of the person's own sessions. The middleware sees to it that it is theirs.
func (a *app) endDevice(w http.ResponseWriter, r *http.Request) {
	s := sessionhttp.From(r)
	id, err := sessnode.ParseID(r.PostFormValue("id"))
	if err == nil {
		err = s.Revoke(id)
	}
	switch {
	case err == nil:
		s.Flash("ok", "That device is signed out")
	case errors.Is(err, sessnode.ErrNotFound), errors.Is(err, sessnode.ErrInvalid):
		s.Flash("note", "That device was signed out already")
	default:
		a.storeFailed(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// endOthers ends all of the person's sessions but this one, in one step.
func (a *app) endOthers(w http.ResponseWriter, r *http.Request) {
	s := sessionhttp.From(r)
	ended, err := s.LogoutOthers()
	if err != nil {
		a.storeFailed(w, r, err)
		return
	}
	s.Flash("ok", "Signed out on "+count(ended, "other device"))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// whoami is for scripts.
func whoami(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	user := sessionhttp.From(r).Subject()
	if user == "" {
		w.WriteHeader(http.StatusUnauthorized)
		user = "nobody"
	}
	_, _ = fmt.Fprintln(w, user)
}

// count puts a number before a noun.
func count(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
