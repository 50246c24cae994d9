// Package gorillastore lets gorilla/sessions keep its sessions in sessnode:
//
//	store := gorillastore.New(c, gorillastore.Options{SubjectFrom: "user"})
//
//	session, err := store.Get(r, "session")
//	if gorillastore.Answered(w, r, err) {
//		return
//	}
//	session.Values["user"] = "ada"
//	if gorillastore.Answered(w, r, session.Save(r, w)) {
//		return
//	}
//
// The cookie is the session's token itself, which nobody can guess: there are no keys to configure and to rotate. Session.ID is the session's
// public name, which is safe to log.
//
// # What Save does
//
// It sends what this request changed, compared with what it found: each entry of Values is an attribute of its own, so that two requests of one
// browser that change different entries both keep their change. It never makes a session anew that had ended while the request was under way, and it
// makes none for a visitor about whom there is nothing to keep. The cookie is sent where the token is new, and again when a tenth of
// Options.MaxAge has passed; otherwise a late answer could bring an old token back over that of a login.
//
// Options.MaxAge is how long the session lives after such a Save, in the browser and in the store. Zero means until the browser is closed, and in
// the store the timeouts of the app's policy. Below zero Save revokes the session, and takes the cookie away.
//
// # Signing in
//
// When the entry that [Options.SubjectFrom] names appears, the session gets a new token and belongs to that subject, in one step with the other
// changes: the token from before the login is dead (ASVS 7.2.4). When it goes away the session is revoked; what this request set besides begins a
// new one. When it changes, nothing of the former subject stays but what this request set. [Store.Rotate] gives a new token at other times.
//
// # Values
//
// Text, bool, int, float64, and lists and maps of them ([]any, map[string]any) are stored as JSON, which other clients can read; []byte as it is; anything
// else by encoding/gob, for which its type must be registered (gob.Register). Keys that are no strings are written with gob too.
//
// Flash messages are attributes of their own, so that parallel requests that add some lose none. Session.Flashes shows what was there when the
// request began, so that two parallel requests may show the same; [Store.Flashes] takes them out of the store, each for one request only.
//
// # Errors
//
// New and Get return an error only if the store cannot answer, or has a value that cannot be read, and a session that is not nil all the same, as gorilla
// asks for. Such a session does not save: nobody is signed out because an error was overlooked.
package gorillastore
