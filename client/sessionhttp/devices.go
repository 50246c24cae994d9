package sessionhttp

import (
	"errors"

	"github.com/sessnode/sessnode"
)

// List returns the live sessions of who is signed in, oldest first and without attributes, this one among them: the one whose
// ID is s.ID(). It is empty where nobody is signed in. A Login of this request counts after Commit.
//
// It returns sessnode.ErrUnavailable where the store cannot answer.
func (s *Session) List() ([]sessnode.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	subject, err := s.owner()
	if subject == "" || err != nil {
		return nil, err
	}
	return s.m.client.SubjectSessions(s.r.Context(), subject)
}

// Revoke ends one session of who is signed in, by its public name, at once; this very session as Logout does.
//
// It returns sessnode.ErrNotFound if they have no such session, whoever else may have it; sessnode.ErrUnavailable or ErrUnknown
// as package client says.
func (s *Session) Revoke(id sessnode.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	subject, err := s.owner()
	if err != nil {
		return err
	}
	if s.standing == live && s.stored.ID == id {
		s.logout()
		return nil
	}
	theirs, err := s.owns(subject, id)
	if err != nil {
		return err
	}
	if !theirs {
		return &sessnode.Error{Op: "revoke by id", App: s.m.client.Name(), Err: sessnode.ErrNotFound}
	}
	if err := s.m.client.RevokeID(s.lasting(), id); !errors.Is(err, sessnode.ErrNotFound) {
		return err
	}
	return nil // it ended in this moment
}

// owns reports whether a session belongs to a subject: an id in a form is anybody's claim. s.mu is held.
func (s *Session) owns(subject string, id sessnode.ID) (bool, error) {
	if subject == "" {
		return false, nil
	}
	list, err := s.m.client.SubjectSessions(s.r.Context(), subject)
	for _, session := range list {
		if session.ID == id {
			return true, nil
		}
	}
	return false, err
}

// LogoutOthers ends all sessions of who is signed in but this one, at once and in one step, and returns how many. Where nobody is
// signed in there are none. After a change of password, call Login too: it replaces the token of this one.
//
// It returns sessnode.ErrUnavailable or ErrUnknown as package client says.
func (s *Session) LogoutOthers() (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	subject, err := s.owner()
	if subject == "" || err != nil {
		return 0, err
	}
	var except sessnode.ID
	if s.standing == live {
		except = s.stored.ID
	}
	return s.m.client.RevokeSubject(s.lasting(), subject, except)
}

// LogoutEverywhere ends all sessions of who is signed in, at once and in one step, and returns how many. This one is among them:
// the rest goes as with Logout. Where nobody is signed in there are none.
//
// It returns sessnode.ErrUnavailable or ErrUnknown as package client says; then this session goes on as far as it lives.
func (s *Session) LogoutEverywhere() (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	subject, err := s.owner()
	if subject == "" || err != nil {
		return 0, err
	}
	n, err := s.m.client.RevokeSubject(s.lasting(), subject, sessnode.ID{})
	if err != nil {
		return 0, err
	}
	gone := s.standing == live && s.stored.Subject == subject
	s.logout()
	if gone { // it was one of them
		s.changes.revoke, s.cookie = "", s.m.clearedCookie(s.r)
	}
	return n, nil
}

// owner is who is signed in. s.mu is held.
func (s *Session) owner() (string, error) {
	s.used = true
	if err := s.load(); err != nil {
		return "", err
	}
	return s.subject(), nil
}
