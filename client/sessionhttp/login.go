package sessionhttp

import "slices"

// Subject returns who is signed in; "" = nobody. A Login of this request counts already.
func (s *Session) Subject() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes.subject == "" {
		s.need()
	}
	s.used = true
	return s.subject()
}

// Login signs a subject in, or takes note that it proved itself again: the session gets a new token, bound to the subject, and
// the old token is dead (ASVS 7.2.4). It happens at the commit, in one step with the attributes that this request sets.
//
// What an anonymous visitor had stays. What another subject had does not: neither this handler nor the new subject sees it.
// The subject is any text up to 256 bytes without control characters.
func (s *Session) Login(subject string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.need()
	if subject == "" {
		s.changes.refuse(invalid("nobody can be signed in: the subject is empty"))
		return
	}
	s.login(subject)
}

// Logout ends the session, and takes the cookie away. It happens at the commit. What this request changed before is dropped;
// what it stores afterwards begins a new, anonymous session: a flash message, for one.
func (s *Session) Logout() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.need()
	s.logout()
}

// Rotate gives the session a new token, for a change of what it may do (ASVS 7.2.4). The old token answers for a short grace, so
// that parallel requests go on. It happens at the commit, and not at all where there is no session yet.
func (s *Session) Rotate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.need()
	s.changes.rotate = true
}

// subject is who is signed in as this request sees it; the session was loaded. s.mu is held.
func (s *Session) subject() string {
	if s.changes.subject != "" || s.standing != live {
		return s.changes.subject
	}
	return s.stored.Subject
}

// login notes who signed in; the session was loaded. s.mu is held.
func (s *Session) login(subject string) {
	s.changes.subject = subject
	if s.standing == live && s.stored.Subject != "" && s.stored.Subject != subject {
		s.changes.wipe = true
		s.changes.unset, s.changes.incr = nil, nil
		s.held = slices.DeleteFunc(s.held, func(h *held) bool { return !h.own })
	}
}

// logout notes that the session is to end, and goes on without it; it was loaded. s.mu is held.
func (s *Session) logout() {
	revoke := s.changes.revoke
	if s.standing == live {
		revoke = s.token
	}
	s.changes = changes{revoke: revoke}
	s.leave()
}

// leave goes on without the session. s.mu is held.
func (s *Session) leave() {
	if s.standing != overtaken {
		s.standing = absent
	}
	s.token, s.stored, s.held = "", nil, nil
}
