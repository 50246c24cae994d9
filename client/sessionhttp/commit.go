package sessionhttp

import (
	"errors"
	"net/http"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// wipeTries is how often a login over somebody else's session is tried anew because that session changed meanwhile.
const wipeTries = 5

// Commit sends what was changed, at once instead of before the first byte, for handlers that want to know what comes of it. It
// does not end with the request's context. A failed commit gives the changes up, and the response stays the handler's own
// business.
//
// It returns nil when all is done; sessnode.ErrNotFound if the session ended or got a new token meanwhile, so that its
// changes were dropped; sessnode.ErrLimit where the policy allows the subject no more sessions; sessnode.ErrInvalid and
// ErrTooLarge for what cannot be stored, ErrConflict for Incr on what is no integer; sessnode.ErrUnavailable, ErrUnknown and
// ErrFull as package client says.
func (s *Session) Commit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commit()
}

// settle commits before a response with a status. Its error is what the response gives way to.
func (s *Session) settle(status int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopErr != nil { // somebody recovered, and answers as if nothing had been
		return s.stopErr
	}
	if status >= http.StatusInternalServerError {
		s.changes, s.held = changes{revoke: s.changes.revoke}, nil
	}
	err := s.commit()
	if err == nil || errors.Is(err, sessnode.ErrNotFound) {
		return nil
	}
	s.m.report(s.r, "session not committed", err)
	return err
}

// settleLate commits what was changed after the first byte. There is no response left to give way.
func (s *Session) settleLate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.commit(); err != nil && !errors.Is(err, sessnode.ErrNotFound) {
		s.m.report(s.r, "changes after the first byte of the response are lost", err)
	}
}

// commit sends what was changed: first the end of a session that was logged out, then the rest. s.mu is held.
func (s *Session) commit() error {
	err := s.send()
	if s.changes = (changes{}); err == nil {
		return nil
	}
	s.held = nil
	if errors.Is(err, sessnode.ErrNotFound) { // the handler could do nothing about it, and nothing is wrong
		s.m.options.Log.DebugContext(s.r.Context(), "a parallel request ended or rotated the session: changes dropped", "reason", sessnode.ReasonOf(err))
	}
	return err
}

func (s *Session) send() error {
	c := &s.changes
	if c.fault != nil {
		return c.fault
	}
	if c.revoke != "" {
		if err := s.m.client.Revoke(s.lasting(), c.revoke); err != nil {
			return err
		}
		s.cookie = s.m.clearedCookie(s.r)
	}
	s.refoldOwn()
	if c.fault != nil {
		return c.fault
	}
	switch s.standing {
	case live:
		return s.change()
	case unread:
		return s.changeUnread()
	}
	return s.create()
}

// create begins a session, if there is anything to keep in it.
func (s *Session) create() error {
	c := &s.changes
	attrs := c.attrs()
	switch {
	case c.subject == "" && len(attrs) == 0:
		return nil
	case c.subject == "" && s.standing == overtaken:
		return &sessnode.Error{Op: "patch", App: s.m.client.Name(), Reason: sessnode.ReasonRotated, Err: sessnode.ErrNotFound}
	case s.sent:
		return invalid("the response has begun: it can bring no cookie for a new session any more")
	}
	token, made, err := s.m.client.Create(s.lasting(), client.Create{
		Subject: c.subject, Device: s.device(), Attrs: attrs,
		Timeouts: sessnode.Timeouts{Idle: s.m.options.Idle, Lifetime: s.m.options.Lifetime},
	})
	if err != nil {
		return err
	}
	s.adopt(token, made, attrs)
	return nil
}

// changeUnread sends changes to a session that was never looked at. If it turns out to have been over already, they begin a new
// one, as they do when a handler looks first.
func (s *Session) changeUnread() error {
	edit := s.edit()
	if empty(edit) {
		return nil
	}
	_, err := s.m.client.Patch(s.lasting(), s.token, edit)
	if !errors.Is(err, sessnode.ErrNotFound) {
		return err
	}
	s.over(err)
	return s.create()
}

// change sends changes to the session that was loaded.
func (s *Session) change() error {
	for range wipeTries {
		edit := s.edit()
		if s.changes.fault != nil {
			return s.changes.fault
		}
		if s.changes.subject == "" && !s.changes.rotate {
			return s.patch(edit)
		}
		err := s.rotate(edit)
		if !s.changes.wipe || !errors.Is(err, sessnode.ErrPrecondition) {
			return err
		}
		if err := s.reload(); err != nil {
			return err
		}
		if s.standing != live {
			return s.create()
		}
	}
	return sessnode.Errorf(sessnode.CodeUnavailable, "", "the session kept changing while somebody else signed in on it")
}

// patch merges changes.
func (s *Session) patch(edit sessnode.Edit) error {
	if empty(edit) {
		return nil
	}
	got, err := s.m.client.Patch(s.lasting(), s.token, edit)
	if err != nil {
		if errors.Is(err, sessnode.ErrNotFound) {
			s.overtake()
		}
		return err
	}
	s.merge(got, edit)
	return nil
}

// rotate gives the session a new token, and what changes with it, in one step.
func (s *Session) rotate(edit sessnode.Edit) error {
	if s.sent {
		return invalid("the response has begun: it can bring no cookie for the new token any more")
	}
	c := &s.changes
	in := client.Rotation{Edit: edit}
	var opts []client.CallOption
	if c.subject != "" {
		device := s.device()
		in.Subject, in.Reauth, in.Edit.Device = &c.subject, true, &device
	}
	if c.wipe {
		opts = append(opts, client.IfMatch(s.stored.ETag))
	}
	token, got, err := s.m.client.Rotate(s.lasting(), s.token, in, opts...)
	rotated := errors.Is(err, sessnode.ErrConflict) && sessnode.ReasonOf(err) == sessnode.ReasonRotated
	switch {
	case err == nil:
		s.adopt(token, got, s.merged(got, edit))
		return nil
	case c.subject != "" && (rotated || errors.Is(err, sessnode.ErrNotFound)):
		// A double click on the button: the other request has the session, and its answer may never be read.
		s.overtake()
		return s.create()
	case rotated:
		return s.patch(edit) // a parallel request has just done it
	case errors.Is(err, sessnode.ErrNotFound):
		s.overtake()
	}
	return err
}

// reload reads the session again. s.loadErr stays what it was: this is no getter.
func (s *Session) reload() error {
	got, err := s.m.client.Read(s.lasting(), s.token)
	if errors.Is(err, sessnode.ErrNotFound) {
		s.overtake()
		return nil
	}
	if err == nil {
		s.stored = got
	}
	return err
}

// adopt takes over a session with a new token.
func (s *Session) adopt(token sessnode.Token, got *client.Session, attrs map[string]sessnode.Value) {
	s.standing, s.token, s.stored = live, token, got
	s.stored.Attrs = attrs
	s.cookie = s.m.newCookie(s.r, token, got.End.Sub(got.Touched))
}

// merge takes over what a change made of the session.
func (s *Session) merge(got *client.Session, edit sessnode.Edit) {
	got.Attrs = s.merged(got, edit)
	s.stored = got
}

// device is what the session keeps for its owner to recognise the browser by.
func (s *Session) device() sessnode.Device {
	return sessnode.Device{IP: s.m.options.ClientIP(s.r), UserAgent: s.r.UserAgent()}
}
