package gorillastore

import (
	"errors"
	"net"
	"net/http"
	"runtime"
	"sync"
	"weak"

	"github.com/gorilla/sessions"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/internal/govalue"
)

// leastToken is the shortest token that any policy allows.
const leastToken = 8

// defaultMaxAge is that of gorilla's own stores: 30 days, in seconds.
const defaultMaxAge = 86400 * 30

// Options are the settings of a Store. The zero value is good.
type Options struct {
	// SubjectFrom is the entry of Values that says who is signed in, a string or an int; see the package comment. Empty means none: no
	// session has a subject.
	SubjectFrom string

	// FlashKeys are the keys, besides "_flash", that the application gives to AddFlash and Flashes.
	FlashKeys []string

	// ClientIP tells the browser's address, which the session keeps for its owner to recognise the device. Nil means the peer of the
	// connection: behind a proxy, set a function that reads the header which that proxy, and nobody else, sets.
	ClientIP func(*http.Request) string
}

// Store keeps sessions of gorilla/sessions. It is safe for concurrent use; a session is not, as with gorilla's own stores.
type Store struct {
	// Options are those of new sessions. New sets Path "/", MaxAge 30 days, Secure, HttpOnly, SameSite Lax: change it before the first
	// request. Browsers take a Secure cookie over plain HTTP from localhost only, and not all of them do.
	Options *sessions.Options

	client *client.Client
	o      Options
	states sync.Map // weak.Pointer[sessions.Session] -> *state
}

var _ sessions.Store = (*Store)(nil)

// New makes a Store for the client's app.
func New(c *client.Client, o Options) *Store {
	govalue.Register()
	if o.ClientIP == nil {
		o.ClientIP = peer
	}
	return &Store{client: c, o: o, Options: &sessions.Options{
		Path: "/", MaxAge: defaultMaxAge, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}}
}

// Get returns the session of a cookie's name. The first Get of a request asks the store, others return the same session. Errors are those of New.
func (s *Store) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New asks the store for the session of a cookie's name. It counts as activity. A browser without a session gets a new one, which is stored by
// Save if there is anything in it; a cookie that can hold no token is not asked about.
//
// The session is never nil. With an error (sessnode.ErrUnavailable; sessnode.ErrInvalid for a value that cannot be read) it is empty, and
// Save returns the same error.
func (s *Store) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	options := *s.Options
	session.Options, session.IsNew = &options, true
	st := s.remember(session)
	st.token = tokenOf(r, name)
	if st.token == "" {
		return session, nil
	}
	got, err := s.client.Read(r.Context(), st.token)
	if err == nil {
		err = s.fill(session, got.Attrs)
	}
	switch {
	case err == nil:
		st.standing, st.stored = live, got
		session.ID, session.IsNew = got.ID.String(), false
	case errors.Is(err, sessnode.ErrNotFound):
		st.end(err)
	default:
		st.failed = err
		clear(session.Values)
		return session, err
	}
	return session, nil
}

// tokenOf returns the token in a request's cookie; empty if it can be none.
func tokenOf(r *http.Request, name string) sessnode.Token {
	for _, c := range r.CookiesNamed(name) {
		if token := sessnode.Token(c.Value); token.Valid(leastToken) {
			return token
		}
	}
	return ""
}

// standing is what is known of a session.
type standing uint8

const (
	absent    standing = iota // there is none: no cookie, or one whose session is certainly over
	live                      // the store had it
	overtaken                 // another request gave it a new token or ended it: the browser may have a better cookie by now
)

// state is what a request knows of its session beside what gorilla keeps.
type state struct {
	standing standing
	token    sessnode.Token  // of the cookie; "" = none
	stored   *client.Session // as last seen; nil unless live
	failed   error           // why it could not be loaded
	rotate   bool            // it is to get a new token
}

// end takes note that the session is over.
func (st *state) end(err error) {
	st.standing, st.stored = absent, nil
	if sessnode.ReasonOf(err) == sessnode.ReasonRotated {
		st.standing = overtaken
	}
}

// remember makes a state that is forgotten with its session.
func (s *Store) remember(session *sessions.Session) *state {
	key := weak.Make(session)
	st := &state{}
	s.states.Store(key, st)
	runtime.AddCleanup(session, func(key weak.Pointer[sessions.Session]) { s.states.Delete(key) }, key)
	return st
}

// state returns what is known of a session. One that New did not make is new.
func (s *Store) state(session *sessions.Session) *state {
	if st, there := s.states.Load(weak.Make(session)); there {
		return st.(*state)
	}
	return s.remember(session)
}

// device is what the session keeps for its owner to recognise the browser by.
func (s *Store) device(r *http.Request) sessnode.Device {
	return sessnode.Device{IP: s.o.ClientIP(r), UserAgent: r.UserAgent()}
}

// peer is the address at the other end of the connection.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
