package load

import (
	"strconv"
	"sync"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/drill/history"
)

// session is what the harness knows of one session of the model.
type session struct {
	number int
	rotate sync.Mutex // held by the one client that rotates it

	mu      sync.Mutex
	tokens  []sessnode.Token // guarded by mu; a token's number is its place
	current int              // guarded by mu; the newest token that was acknowledged
	cut     int              // guarded by mu; tokens below this number ended with a change of subject
	subject string           // guarded by mu; as last acknowledged
	etag    string           // guarded by mu; with version, as last seen
	version uint64           // guarded by mu
	a       string           // guarded by mu; register a as last seen, for guards that may hold
	ops     int              // guarded by mu
	over    bool             // guarded by mu; ended, or in doubt: no client goes on with it
	made    bool             // guarded by mu; its creation was acknowledged
}

// newSession registers a session with its first token.
func (l *Load) newSession() *session {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &session{number: len(l.sessions), tokens: []sessnode.Token{sessnode.NewToken()}}
	l.sessions = append(l.sessions, s)
	return s
}

func (s *session) label() string { return "s" + strconv.Itoa(s.number) }

// token returns the current token and its number.
func (s *session) token() (sessnode.Token, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens[s.current], s.current
}

// mint adds a token that is to be used by a rotation.
func (s *session) mint() (sessnode.Token, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens = append(s.tokens, sessnode.NewToken())
	return s.tokens[len(s.tokens)-1], len(s.tokens) - 1
}

func (s *session) usable() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.over
}

// learn takes over what an operation has shown.
func (s *session) learn(op *history.Op, etag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ops++
	switch {
	case op.Outcome == history.Unknown && (op.Kind == history.Create || op.Kind == history.Rotate || op.Kind == history.Revoke):
		s.over = true // which token is valid cannot be told any more
	case op.Outcome == history.NotDone && op.Kind == history.Create:
		s.over = true
	case op.Outcome != history.Done:
		return
	case op.Answer.Code == sessnode.CodeNotFound || op.Answer.Code == sessnode.CodeConflict:
		if op.Token == s.current {
			s.over = true
		}
	case op.Answer.Code == sessnode.OK:
		s.take(op, etag)
	}
}

// take is learn for an acknowledged operation. The caller holds mu.
func (s *session) take(op *history.Op, etag string) {
	if op.Answer.Version >= s.version && etag != "" {
		s.version, s.etag = op.Answer.Version, etag
	}
	switch op.Kind {
	case history.Create:
		s.made, s.subject = true, op.Subject
	case history.Rotate:
		s.current = op.NewToken
		if op.Bind && op.Subject != s.subject {
			s.cut = op.NewToken
		}
		if op.Bind {
			s.subject = op.Subject
		}
	case history.Read:
		s.a = op.Answer.Content.A
	case history.Patch:
		if op.Register == "a" {
			s.a = op.Value
		}
	case history.Revoke:
		s.over = true
	}
}
