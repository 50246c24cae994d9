package gorillastore_test

import (
	"fmt"
	"log"
	"net/http"

	"github.com/gorilla/sessions"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/gorillastore"
)

func Example() {
	c, err := client.New("sessnode://n1,n2,n3/web")
	if err != nil {
		log.Fatal(err)
	}
	var store sessions.Store = gorillastore.New(c, gorillastore.Options{SubjectFrom: "user"})
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		session, err := store.Get(r, "session")
		if gorillastore.Answered(w, r, err) {
			return
		}
		fmt.Fprintln(w, "hello", session.Values["user"])
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
}

// members are the pages of docs/how-to/go-scs-and-gorilla.md.
func members(store *gorillastore.Store, c *client.Client) map[string]http.HandlerFunc {
	login := func(w http.ResponseWriter, r *http.Request) {
		session, err := store.Get(r, "session")
		if gorillastore.Answered(w, r, err) {
			return
		}
		session.Values["user"] = r.PostFormValue("name") // after you have looked at the password
		session.AddFlash("Welcome back")
		if gorillastore.Answered(w, r, session.Save(r, w)) {
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
	home := func(w http.ResponseWriter, r *http.Request) {
		session, err := store.Get(r, "session")
		if gorillastore.Answered(w, r, err) {
			return
		}
		messages, err := store.Flashes(r.Context(), session) // each is shown once, whatever else the browser asks for meanwhile
		if gorillastore.Answered(w, r, err) {
			return
		}
		fmt.Fprintln(w, "hello", session.Values["user"], messages)
	}
	logout := func(w http.ResponseWriter, r *http.Request) {
		session, err := store.Get(r, "session")
		if gorillastore.Answered(w, r, err) {
			return
		}
		session.Options.MaxAge = -1
		if gorillastore.Answered(w, r, session.Save(r, w)) {
			return
		}
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	}
	everywhere := func(w http.ResponseWriter, r *http.Request) {
		session, err := store.Get(r, "session")
		if gorillastore.Answered(w, r, err) {
			return
		}
		user, _ := session.Values["user"].(string)
		ended, err := c.RevokeSubject(r.Context(), user, sessnode.ID{})
		if gorillastore.Answered(w, r, err) {
			return
		}
		fmt.Fprintln(w, "signed out at", ended, "places")
	}
	return map[string]http.HandlerFunc{"/login": login, "/logout": logout, "/everywhere": everywhere, "/": home}
}
