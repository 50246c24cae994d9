package scsstore_test

import (
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/scsstore"
)

// Two lines more than with any other store: the subject, and what browsers see while the store cannot answer.
func Example() {
	store, err := client.New("sessnode://n1,n2,n3/web")
	if err != nil {
		log.Fatal(err)
	}
	sessions := scs.New()
	sessions.Store = scsstore.New(store, scsstore.Options{SubjectFrom: "userID"})
	sessions.ErrorFunc = scsstore.ErrorFunc
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", sessions.LoadAndSave(http.DefaultServeMux)))
}

// members are the pages of docs/how-to/go-scs-and-gorilla.md.
func members(sessions *scs.SessionManager, store *client.Client) map[string]http.HandlerFunc {
	login := func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if err := sessions.RenewToken(ctx); err != nil {
			scsstore.ErrorFunc(w, r, err)
			return
		}
		sessions.Put(ctx, "userID", r.PostFormValue("name")) // after you have looked at the password
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
	logout := func(w http.ResponseWriter, r *http.Request) {
		if err := sessions.Destroy(r.Context()); err != nil {
			scsstore.ErrorFunc(w, r, err)
			return
		}
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	}
	everywhere := func(w http.ResponseWriter, r *http.Request) {
		ended, err := store.RevokeSubject(r.Context(), sessions.GetString(r.Context(), "userID"), sessnode.ID{})
		if err != nil {
			scsstore.ErrorFunc(w, r, err)
			return
		}
		fmt.Fprintln(w, "signed out at", ended, "places")
	}
	home := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "hello", sessions.GetString(r.Context(), "userID"))
	}
	return map[string]http.HandlerFunc{"/login": login, "/logout": logout, "/everywhere": everywhere, "/": home}
}

// custom is for an application with a codec of its own.
func custom(sessions *scs.SessionManager, store *client.Client, codec scs.Codec) {
	sessions.Codec = codec
	sessions.Store = scsstore.New(store, scsstore.Options{Codec: codec})
	sessions.Lifetime = 14 * 24 * time.Hour
}
