package gorillastore

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

const (
	// never stands for a timeout that gorilla does not have. It is what policies allow at most by default, and the store cuts it to what
	// this app's policy allows.
	never = 400 * sessnode.Day

	// renewAfter is the part of MaxAge after which a Save lets the session and its cookie live for another MaxAge.
	renewAfter = 10

	// wipeTries is how often a login over somebody else's session is tried anew because that session changed meanwhile.
	wipeTries = 5
)

// Save sends what this request changed; see the package comment. Call it before writing to the response. It does not end with the request's
// context: a browser that goes away must not leave a login in doubt.
//
// It returns sessnode.ErrNotFound if the session ended or got a new token meanwhile: its changes are dropped, and the cookie stays. sessnode.ErrInvalid
// and ErrTooLarge are about values that cannot be stored; ErrLimit means that the policy allows the subject no more sessions; sessnode.ErrUnavailable,
// ErrUnknown and ErrFull are as package client says, or the error with which the session was not loaded. No error comes with a cookie.
func (s *Store) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	st := s.state(session)
	save := &saving{Store: s, ctx: context.WithoutCancel(r.Context()), r: r, w: w, session: session, state: st}
	if session.Options.MaxAge < 0 {
		return save.revoke()
	}
	if st.failed != nil {
		return st.failed
	}
	attrs, err := s.attrs(session)
	if err != nil {
		return err
	}
	save.attrs = attrs
	if st.standing == live {
		return save.change()
	}
	return save.begin()
}

// Rotate gives a session a new token when it is saved, for a change of what it may do (ASVS 7.2.4). The old token answers for a short grace, so
// that parallel requests go on. So does setting Session.ID to "" before Save.
func (s *Store) Rotate(session *sessions.Session) { s.state(session).rotate = true }

// saving is one Save.
type saving struct {
	*Store
	*state
	ctx     context.Context
	r       *http.Request
	w       http.ResponseWriter
	session *sessions.Session
	attrs   map[string]sessnode.Value // of Values, without flash messages
}

// revoke ends the session.
func (a *saving) revoke() error {
	if a.token != "" {
		if err := a.client.Revoke(a.ctx, a.token); err != nil {
			return err
		}
	}
	a.forget()
	return nil
}

// drop goes on without the session: nothing of it is left in Values but what this request set.
func (a *saving) drop(standing standing, set map[string]sessnode.Value) error {
	*a.state = state{standing: standing}
	a.session.ID, a.session.IsNew = "", true
	clear(a.session.Values)
	return a.fill(a.session, set)
}

// forget takes the cookie away.
func (a *saving) forget() {
	*a.state = state{}
	a.session.ID, a.session.IsNew = "", true
	options := *a.session.Options
	options.MaxAge = -1
	http.SetCookie(a.w, sessions.NewCookie(a.session.Name(), "", &options))
}

// begin makes a session, if there is anything to keep.
func (a *saving) begin() error {
	edit := diff(nil, a.attrs)
	if err := a.flashes(a.session, nil, &edit); err != nil {
		return err
	}
	return a.create(edit.Set)
}

// create makes a session with attributes.
func (a *saving) create(attrs map[string]sessnode.Value) error {
	subject, err := a.subjectIn(attrs)
	switch {
	case err != nil:
		return err
	case len(attrs) == 0 && a.standing == absent && a.token != "": // the browser has a cookie that opens nothing
		a.forget()
		return nil
	case len(attrs) == 0:
		return nil
	case subject == "" && a.standing == overtaken: // its cookie would replace a better one; a login may do so
		return &sessnode.Error{Op: "save", App: a.client.Name(), Reason: sessnode.ReasonRotated, Err: sessnode.ErrNotFound}
	}
	in := client.Create{Subject: subject, Device: a.device(a.r), Attrs: attrs}
	if age := a.maxAge(); age > 0 {
		in.Timeouts = sessnode.Timeouts{Idle: never, Lifetime: never, Expires: time.Now().Add(age)}
	}
	token, got, err := a.client.Create(a.ctx, in)
	if err != nil {
		return err
	}
	a.adopt(token, got, attrs)
	return nil
}

// change sends what differs from what was found.
func (a *saving) change() error {
	was, _ := a.subjectIn(a.stored.Attrs) // what is no subject was refused when it was put
	subject, err := a.subjectIn(a.attrs)
	if err != nil {
		return err
	}
	edit := diff(a.stored.Attrs, a.attrs)
	if err := a.flashes(a.session, a.stored.Attrs, &edit); err != nil {
		return err
	}
	switch {
	case subject != "" && was != "" && subject != was:
		return a.takeOver(subject, edit.Set)
	case subject != was && subject != "":
		return a.rotateTo(edit, &subject)
	case subject != was:
		return a.leave(edit.Set)
	case a.rotate || a.session.ID == "":
		return a.rotateTo(edit, nil)
	}
	return a.patch(edit)
}

// leave ends the session of a subject that signed out, and begins another one with what this request set.
func (a *saving) leave(set map[string]sessnode.Value) error {
	if err := a.client.Revoke(a.ctx, a.token); err != nil {
		return err
	}
	if err := a.drop(absent, set); err != nil {
		return err
	}
	if len(set) > 0 {
		return a.create(set)
	}
	a.forget()
	return nil
}

// patch merges changes.
func (a *saving) patch(edit sessnode.Edit) error {
	renewed := a.renew(&edit)
	if len(edit.Set) == 0 && len(edit.Unset) == 0 && edit.Timeouts == (sessnode.TimeoutChange{}) {
		return nil
	}
	got, err := a.client.Patch(a.ctx, a.token, edit)
	if err != nil {
		if errors.Is(err, sessnode.ErrNotFound) {
			a.standing, a.stored = overtaken, nil
		}
		return err
	}
	a.took(got, edit)
	if renewed {
		a.sendCookie()
	}
	return nil
}

// took takes over what a change made of the session.
func (a *saving) took(got *client.Session, edit sessnode.Edit) {
	attrs := maps.Clone(a.stored.Attrs)
	for _, name := range edit.Unset {
		delete(attrs, name)
	}
	maps.Copy(attrs, edit.Set)
	a.stored = got
	a.stored.Attrs = attrs
}

// adopt takes over a session with a new token.
func (a *saving) adopt(token sessnode.Token, got *client.Session, attrs map[string]sessnode.Value) {
	*a.state = state{standing: live, token: token, stored: got}
	got.Attrs = attrs
	a.session.ID, a.session.IsNew = got.ID.String(), false
	a.sendCookie()
}

func (a *saving) sendCookie() {
	http.SetCookie(a.w, sessions.NewCookie(a.session.Name(), a.token.Reveal(), a.session.Options))
}

func (a *saving) maxAge() time.Duration { return time.Duration(a.session.Options.MaxAge) * time.Second }

// renew lets the session live for MaxAge from now on, if it has lived for a while, or if MaxAge is another than before. It reports whether the
// cookie must follow.
func (a *saving) renew(edit *sessnode.Edit) bool {
	age, own := a.maxAge(), a.stored.Timeouts
	if age == 0 {
		if own.Expires.IsZero() {
			return false
		}
		edit.Timeouts = sessnode.TimeoutChange{Idle: new(time.Duration), Lifetime: new(time.Duration), Expires: new(time.Time)}
		return true
	}
	left := time.Until(own.Expires)
	if !own.Expires.IsZero() && (age-left).Abs() < age/renewAfter {
		return false
	}
	idle, lifetime, expires := never, never, time.Now().Add(age)
	edit.Timeouts = sessnode.TimeoutChange{Idle: &idle, Lifetime: &lifetime, Expires: &expires}
	return true
}
