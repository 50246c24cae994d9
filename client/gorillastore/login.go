package gorillastore

import (
	"errors"
	"maps"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// rotateTo gives the session a new token, and what changes with it, in one step. Where a subject signs in, the old token is dead at once.
func (a *saving) rotateTo(edit sessnode.Edit, subject *string) error {
	a.renew(&edit) // the cookie is sent anyway
	in := client.Rotation{Subject: subject, Reauth: subject != nil, Edit: edit}
	if subject != nil {
		device := a.device(a.r)
		in.Edit.Device = &device
	}
	token, got, err := a.client.Rotate(a.ctx, a.token, in)
	rotated := errors.Is(err, sessnode.ErrConflict) && sessnode.ReasonOf(err) == sessnode.ReasonRotated
	switch {
	case err == nil:
		a.took(got, edit)
		a.adopt(token, got, got.Attrs)
		return nil
	case subject != nil && (rotated || errors.Is(err, sessnode.ErrNotFound)):
		// A double click on the button: the other request has the session, and its answer may never be read. The person gave a password:
		// the login ends signed in, with what this request set.
		return a.anew(edit.Set)
	case rotated: // a parallel request has just done it
		a.session.ID, a.rotate = a.stored.ID.String(), false
		return a.patch(edit)
	case errors.Is(err, sessnode.ErrNotFound):
		a.standing, a.stored = overtaken, nil
	}
	return err
}

// takeOver signs another subject in on the session of one: it keeps what this request set, and nothing else.
func (a *saving) takeOver(subject string, set map[string]sessnode.Value) error {
	for range wipeTries {
		edit := sessnode.Edit{Set: set}
		for name := range a.stored.Attrs {
			if _, there := set[name]; !there {
				edit.Unset = append(edit.Unset, name)
			}
		}
		a.renew(&edit)
		device := a.device(a.r)
		edit.Device = &device
		token, got, err := a.client.Rotate(a.ctx, a.token, client.Rotation{Subject: &subject, Reauth: true, Edit: edit}, client.IfMatch(a.stored.ETag))
		switch {
		case err == nil:
			if err := a.drop(absent, set); err != nil {
				return err
			}
			a.adopt(token, got, maps.Clone(set))
			return nil
		case errors.Is(err, sessnode.ErrNotFound), errors.Is(err, sessnode.ErrConflict) && sessnode.ReasonOf(err) == sessnode.ReasonRotated:
			return a.anew(set)
		case !errors.Is(err, sessnode.ErrPrecondition):
			return err
		}
		again, err := a.client.Read(a.ctx, a.token)
		if err != nil && !errors.Is(err, sessnode.ErrNotFound) {
			return err
		}
		if err == nil {
			a.stored = again
		} // else the next try finds out
	}
	return sessnode.Errorf(sessnode.CodeUnavailable, "", "the session kept changing while somebody else signed in on it")
}

// anew signs a subject in on a session of its own, because the one that was found ended meanwhile.
func (a *saving) anew(set map[string]sessnode.Value) error {
	if err := a.drop(overtaken, set); err != nil {
		return err
	}
	return a.create(set)
}
