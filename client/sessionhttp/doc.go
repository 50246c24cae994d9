// Package sessionhttp gives net/http handlers the sessions of a sessnode cluster: a middleware, and what a handler says to the
// session of its request.
//
//	m, err := sessionhttp.New(sessions, sessionhttp.Options{})
//	http.ListenAndServe(addr, m.Wrap(mux))
//
//	s := sessionhttp.From(r)
//	s.Login("ada")            // a new token, bound to ada; the old one is dead
//	s.Set("theme", "dark")
//	name := s.Subject()
//	s.Logout()
//
// # When the store is asked
//
// A handler that does not touch its session costs no request to the store. The first getter reads the session; what the
// handler changed is sent in one request, just before the first byte of the response, or when the handler returns. Only
// attributes that changed are sent, and the store merges them: parallel requests that change different attributes lose
// nothing. Nothing is sent where nothing changed, and a visitor gets neither a session nor a cookie before something is stored.
//
// A value that Get handed out or Set took in (a map, a slice, a pointer) may be changed in place: it is encoded again before
// the first byte, and sent if it came out different. Do not change it from another goroutine at that time.
//
// # When the store cannot answer
//
// "The session does not exist" and "the store cannot answer" are never mixed up. A getter that cannot load the session does
// not return zero values: it stops the handler with panic(http.ErrAbortHandler), which the middleware turns into 503 with
// Retry-After. Call Load first to handle that yourself, and before the session is handed to a goroutine that the handler
// starts: nobody recovers there. If the changes cannot be sent, the response of the handler, of which nothing has left yet,
// gives way to a 503 too, and its later writes fail. In neither case is the cookie touched; the next request finds whatever
// the store has.
//
// Where the fate of a login is unknown (sessnode.ErrUnknown) the browser keeps the old cookie: the person signs in again, and
// is never taken for somebody else. DESIGN.md has the reasons.
//
// # What never happens
//
// A request that is under way while its session is logged out does not bring it back: its changes are dropped, and it sets no
// cookie. A request whose token was rotated away meanwhile (by a login in a parallel request) is anonymous, stores nothing and
// leaves the cookie alone, because the browser may already have the new one.
//
// A handler that panics commits nothing. One that answers with a status of 500 or more commits nothing but a Logout.
//
// # The cookie
//
// It is called __Host-session, and is Secure, HttpOnly and SameSite=Lax. There is one exception, so that an application can
// be tried out: over plain HTTP on a loopback name (localhost, 127.0.0.1, [::1]) it is called session and is not Secure. The
// first time this happens a warning is logged. Options.AlwaysSecure turns the exception off: do that where a TLS proxy in
// front of the application replaces the Host header by a loopback name.
//
// # Concurrency
//
// A Middleware is safe for concurrent use. So is a Session, by the goroutines of the request that it belongs to; it must not
// be used after the handler has returned.
package sessionhttp
