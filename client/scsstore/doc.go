// Package scsstore lets alexedwards/scs keep its sessions in sessnode:
//
//	sessions := scs.New()
//	sessions.Store = scsstore.New(store, scsstore.Options{SubjectFrom: "userID"})
//	sessions.ErrorFunc = scsstore.ErrorFunc
//
// A Store is an scs.CtxStore and an scs.IterableCtxStore; this package does not import scs. Everything else stays as it was: the codec,
// the cookie, LoadAndSave.
//
// # What is different from other stores
//
// scs hands its store the whole session as one blob, and other stores write it over whatever is there. This one keeps each key as an attribute of
// its own and sends what this request changed, compared with what it found: two requests of one browser that change different keys both keep
// their change, and a request that was under way while the session ended does not bring it back. What was found travels with the values, in an
// entry that begins with [BaselinePrefix] (scs.SessionManager.Keys shows it, as it shows "__rememberMe").
//
// A request that changes nothing writes nothing, also with an IdleTimeout, for which scs commits every session again: the store counts each
// load as activity by itself. Such a commit only asks whether the session still lives, since scs renews the cookie after it.
//
// Text, bool, int, float64, and lists and maps of them ([]any, map[string]any) are stored as JSON, which other clients can read; []byte as it is; anything
// else by encoding/gob, for which scs wants its type registered anyway.
//
// # Signing in
//
// With [Options.SubjectFrom] a session belongs to the subject that this key names: it can be listed, explained and ended with all others of that
// subject. Call RenewToken before you put the key, as scs asks for; without it CommitCtx refuses, since whoever planted the token would be
// signed in too. Where the key goes away the session is revoked.
//
// # Errors
//
// FindCtx says "not found" only when the store is certain. When it cannot answer, the error goes to ErrorFunc, whose default is a 500 and whose
// choice here, [ErrorFunc], is a 503 that leaves the cookie alone. CommitCtx returns an error that wraps sessnode.ErrNotFound when the
// session ended meanwhile: then scs must not send its cookie again, and [ErrorFunc] lets the page go out as it is.
//
// A RenewToken is two steps, as scs makes them: the old session is revoked, then a new one created. A store that fails in between costs the
// person one more login.
package scsstore
