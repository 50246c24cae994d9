package sessionhttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// Session is what one request knows of its browser's session, and what it changes. Get it with From.
//
// Methods without an error as a result stop the handler where they need the store and it cannot answer (see the package
// comment). It is safe for concurrent use by the goroutines of its request, until the handler returns. Like http.Request,
// and for the same reason, it holds the request's context: reads of the store end with it. Changes do not, so that a browser
// that goes away leaves no login half made; the client's own timeout bounds them.
type Session struct {
	m *Middleware
	r *http.Request

	mu       sync.Mutex
	standing standing
	token    sessnode.Token  // of the cookie, or the session's newest
	stored   *client.Session // while live: as the store has it
	changes  changes         // not sent yet
	held     []*held         // values that may be changed in place
	cookie   *http.Cookie    // what is certain by now about the cookie; nil = leave it alone
	used     bool            // the response depends on the cookie
	sent     bool            // the header left: a cookie comes too late
	loadErr  error           // the store's answer to the only try to load
	stopErr  error           // why a getter stopped the handler
}

// standing is what is known of the session that the cookie names.
type standing uint8

const (
	unread    standing = iota // the store was not asked yet
	absent                    // no cookie, one that can hold no token, or a session that this request has ended
	live                      // loaded
	ended                     // it was over for certain when this request looked
	overtaken                 // a parallel request rotated the token away, or ended the session
)

// begin makes the session of a request, without asking the store.
func (m *Middleware) begin(r *http.Request) *Session {
	s := &Session{m: m, r: r, token: m.tokenOf(r), standing: unread}
	if s.token == "" {
		s.standing = absent
	}
	return s
}

// Load asks the store for the session, if that was not done yet. A visitor without a session is no error.
//
// It returns sessnode.ErrUnavailable where the store cannot answer. Then the response is the handler's own business, but
// getters still stop it.
func (s *Session) Load() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = true
	return s.load()
}

// load reads the session, once a request. s.mu is held.
func (s *Session) load() error {
	if s.standing != unread || s.loadErr != nil {
		return s.loadErr
	}
	got, err := s.m.client.Read(s.r.Context(), s.token)
	switch {
	case err == nil:
		s.standing, s.stored = live, got
	case errors.Is(err, sessnode.ErrNotFound):
		s.over(err)
	default:
		s.loadErr = err
		s.m.report(s.r, "session not loaded", err)
	}
	return s.loadErr
}

// over takes note that the store knew no session of the cookie's token when it was first asked. s.mu is held.
func (s *Session) over(err error) {
	if sessnode.ReasonOf(err) == sessnode.ReasonRotated {
		s.overtake()
		return
	}
	s.standing, s.cookie = ended, s.m.clearedCookie(s.r)
}

// overtake takes note that a parallel request has rotated the token away or ended the session. The browser may have another
// cookie by now, so this request leaves it alone and begins no session either, unless somebody signs in. A cookie of a session
// that ended is cleared by the next request that brings it. s.mu is held.
func (s *Session) overtake() { s.standing, s.stored, s.held = overtaken, nil, nil }

// need is load for methods that cannot return an error. s.mu is held.
func (s *Session) need() {
	s.used = true
	if err := s.load(); err != nil {
		s.stop(err)
	}
}

// stop ends the handler. What recovers between it and the middleware takes http.ErrAbortHandler for a thing that is not its
// business, or answers by itself and is replaced. s.mu is held.
func (s *Session) stop(err error) {
	s.stopErr = err
	panic(http.ErrAbortHandler)
}

// stoppedBy returns why a getter stopped the handler; nil if none did.
func (s *Session) stoppedBy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopErr
}

// lasting is the context of changes: it has the request's values, and does not end when the browser goes away.
func (s *Session) lasting() context.Context { return context.WithoutCancel(s.r.Context()) }

// stamp adds to a header what the session has to say there.
func (s *Session) stamp(h http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = true
	if s.used {
		vary(h, "Cookie")
	}
	if s.cookie != nil {
		h.Set("Cache-Control", "no-store") // ASVS 14.3.2: nobody else may get this cookie out of a cache
		h.Add("Set-Cookie", s.cookie.String())
	}
}

// Info returns what the store knows of the session as a whole: id, subject, device, times, without attributes; false where
// there is none yet. What this request changes shows after Commit.
func (s *Session) Info() (sessnode.Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.need()
	if s.standing != live {
		return sessnode.Session{}, false
	}
	info := s.stored.Session
	info.Attrs = nil
	return info, true
}

// ID returns the session's public name; zero where there is none yet.
func (s *Session) ID() sessnode.ID {
	info, _ := s.Info()
	return info.ID
}

// Format prints that this is a session and nothing of what is in it, whatever the verb: fmt would show the text of a token in a
// field.
func (s *Session) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("sessionhttp.Session")) }
