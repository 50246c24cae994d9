package sessionhttp_test

import (
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/sessionhttp"
)

// The move in two lines: New with a client of the cluster, and Wrap around the handler that there is already.
func Example() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", home)
	mux.HandleFunc("POST /login", login)
	mux.HandleFunc("POST /logout", logout)

	sessions, err := client.New("sessnode://n1,n2,n3/web")
	if err != nil {
		log.Fatal(err)
	}
	m, err := sessionhttp.New(sessions, sessionhttp.Options{})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", m.Wrap(mux)))
}

func home(w http.ResponseWriter, r *http.Request) {
	s := sessionhttp.From(r)
	if s.Subject() == "" {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	fmt.Fprintf(w, "Welcome back, %s!", s.Subject())
}

func login(w http.ResponseWriter, r *http.Request) {
	if !passwordIsRight(r.PostFormValue("username"), r.PostFormValue("password")) {
		http.Error(w, "Wrong name or password.", http.StatusUnauthorized)
		return
	}
	sessionhttp.From(r).Login(r.PostFormValue("username"))
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func logout(w http.ResponseWriter, r *http.Request) {
	s := sessionhttp.From(r)
	s.Logout()
	s.Flash("ok", "Signed out")
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// Cart is what a handler of the page keeps in a session.
type Cart struct {
	Items map[string]int `json:"items"`
}

func basket(w http.ResponseWriter, r *http.Request) {
	s := sessionhttp.From(r)
	s.Set("theme", "dark")
	s.Set("seen", time.Now())
	s.Incr("visits", 1) // the store adds: parallel requests count right
	s.Unset("hint")
	fmt.Fprintln(w, s.String("theme"), s.Int64("visits"), !s.Time("seen").IsZero(), s.Has("hint"))

	cart, ok := sessionhttp.Get[*Cart](s, "cart")
	if !ok {
		cart = &Cart{Items: map[string]int{}}
		s.Set("cart", cart)
	}
	cart.Items["book"]++ // a change in place is seen: no "modified = true"
	fmt.Fprintln(w, cart.Items["book"])
}

func messages(w http.ResponseWriter, r *http.Request) {
	for _, f := range sessionhttp.From(r).Flashes() {
		fmt.Fprintln(w, f.Kind, f.Text)
	}
}

func devices(w http.ResponseWriter, r *http.Request) {
	s := sessionhttp.From(r)
	list, err := s.List()
	if err != nil {
		http.Error(w, "try again soon", sessionhttp.Status(err))
		return
	}
	for _, d := range list {
		fmt.Fprintln(w, d.ID, d.Device.UserAgent, d.Touched.Format(time.DateTime), d.ID == s.ID())
	}
}

func endDevice(w http.ResponseWriter, r *http.Request) {
	id, err := sessnode.ParseID(r.PostFormValue("id"))
	if err == nil {
		err = sessionhttp.From(r).Revoke(id) // only one of their own
	}
	if err != nil {
		http.Error(w, "no such session", http.StatusNotFound)
		return
	}
	http.Redirect(w, r, "/devices", http.StatusSeeOther)
}

func changePassword(w http.ResponseWriter, r *http.Request) {
	s := sessionhttp.From(r)
	s.Login(s.Subject()) // a new token for this browser
	ended, err := s.LogoutOthers()
	if err != nil {
		http.Error(w, "try again soon", sessionhttp.Status(err))
		return
	}
	fmt.Fprintf(w, "Your password is changed, and %d other sessions are over.", ended)
}

func articleLogin(w http.ResponseWriter, r *http.Request) {
	sessionhttp.From(r).Set("user", "ada") // signs in: a new token, bound to ada
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func articleLogout(w http.ResponseWriter, r *http.Request) {
	sessionhttp.From(r).Unset("user") // signs out: the session is over
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

func newsPage(w http.ResponseWriter, r *http.Request) {
	s := sessionhttp.From(r)
	if err := s.Load(); err != nil {
		fmt.Fprint(w, "The news. (Who you are shows again in a moment.)")
		return
	}
	fmt.Fprintf(w, "The news for %s.", s.Subject())
}

func strictLogin(w http.ResponseWriter, r *http.Request) {
	s := sessionhttp.From(r)
	s.Login("ada")
	switch err := s.Commit(); {
	case err == nil:
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case sessionhttp.Status(err) == http.StatusConflict:
		http.Error(w, "You are signed in on too many devices.", http.StatusConflict)
	default:
		http.Error(w, "Try again soon.", sessionhttp.Status(err))
	}
}

// behindProxy is how the middleware is set up behind a TLS proxy on the same host.
func behindProxy(sessions *client.Client) (*sessionhttp.Middleware, error) {
	return sessionhttp.New(sessions, sessionhttp.Options{
		AlwaysSecure: true,
		ClientIP:     func(r *http.Request) string { return r.Header.Get("X-Real-IP") },
	})
}

// withOwnErrorPage is how an application answers by itself while the store cannot.
func withOwnErrorPage(sessions *client.Client) (*sessionhttp.Middleware, error) {
	return sessionhttp.New(sessions, sessionhttp.Options{
		OnError: func(w http.ResponseWriter, r *http.Request, err error) {
			w.Header().Set("Refresh", "3")
			w.WriteHeader(sessionhttp.Status(err))
			fmt.Fprint(w, "You are still signed in. This page tries again by itself.")
		},
	})
}

func passwordIsRight(name, password string) bool { return name == "ada" && password == "demo" }
