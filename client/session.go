package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/sessnode/sessnode"
)

// Session is a session as a call returned it. Enforced is not known to clients and stays zero; Previous is
// known after a Read.
type Session struct {
	sessnode.Session

	// ETag names this state for IfMatch and IfNoneMatch. It is opaque.
	ETag string

	// At is where in the log the answer stands, for AtLeast.
	At sessnode.Position

	// NotModified is set by a Read with IfNoneMatch when nothing changed: only the deadlines and ETag are filled.
	NotModified bool

	// Values is what a change answered: the attributes that Pop took out, the numbers after an incr.
	Values map[string]sessnode.Value
}

// Create is a session to be made. All fields are optional.
type Create struct {
	Token    sessnode.Token // the zero value has the client make one
	Subject  string         // empty = anonymous
	Device   sessnode.Device
	Attrs    map[string]sessnode.Value
	Timeouts sessnode.Timeouts
}

// Create makes a session and returns its token. The token is returned with sessnode.ErrUnknown too: then it can be tried
// with Read.
//
// It returns sessnode.ErrConflict for a token that is taken or was used by a session that ended lately, ErrLimit where
// the policy allows the subject no more sessions, ErrInvalid or ErrTooLarge for what cannot be stored, ErrUnknownApp,
// ErrFull, and ErrUnavailable or ErrUnknown as the package comment says.
func (c *Client) Create(ctx context.Context, in Create, opts ...CallOption) (sessnode.Token, *Session, error) {
	r := c.appRequest("create", http.MethodPost, "/sessions", opts)
	token := in.Token
	if token == "" {
		token = sessnode.NewToken()
	}
	body := newObject()
	body.values("attrs", in.Attrs)
	body.timeouts(in.Timeouts)
	if in.Subject != "" {
		body.text("subject", in.Subject)
	}
	if in.Device != (sessnode.Device{}) {
		body.device(in.Device)
	}
	s, err := c.bring(ctx, r, token, body)
	return mayHold(token, err), s, err
}

// bring sends a change that gives a session a token.
func (c *Client) bring(ctx context.Context, r *request, token sessnode.Token, body *object) (*Session, error) {
	if !token.Valid(1) {
		return nil, r.refuse("a token has at most 256 visible ASCII characters")
	}
	body.raw("token", quote(token.Reveal()))
	r.secret = token
	return c.session(ctx, r, body)
}

// mayHold returns the token unless it certainly belongs to no session.
func mayHold(token sessnode.Token, err error) sessnode.Token {
	if err != nil && !errors.Is(err, sessnode.ErrUnknown) {
		return ""
	}
	return token
}

// Read returns the session with its attributes. It counts as activity, unless WithoutTouch says otherwise.
//
// It returns sessnode.ErrNotFound if the session certainly does not live, with a reason where one is known, and
// sessnode.ErrUnavailable in all other cases.
func (c *Client) Read(ctx context.Context, token sessnode.Token, opts ...CallOption) (*Session, error) {
	r := c.tokenRequest("read", http.MethodGet, "", token, opts)
	if r.call.read.NoTouch {
		r.query = url.Values{"touch": {"false"}}
	}
	return c.session(ctx, r, newObject())
}

// Patch merges an edit into what is stored: other attributes keep what other requests wrote meanwhile. The numbers after
// an incr are in Session.Values.
//
// It returns sessnode.ErrNotFound if there is no such session (it never makes one), ErrPrecondition if a comparison of
// Edit.If or IfMatch does not hold, ErrConflict with sessnode.ReasonNotInteger, and what Create may return.
func (c *Client) Patch(ctx context.Context, token sessnode.Token, edit sessnode.Edit, opts ...CallOption) (*Session, error) {
	r := c.tokenRequest("patch", http.MethodPatch, "", token, opts)
	body := newObject()
	body.edit(edit)
	return c.session(ctx, r, body)
}

// Replace sets all attributes at once, and drops those that are not in attrs: with IfMatch only if nothing changed since
// (else sessnode.ErrPrecondition), without it whatever is stored. It never makes a session. Errors are those of Patch.
func (c *Client) Replace(ctx context.Context, token sessnode.Token, attrs map[string]sessnode.Value,
	timeouts sessnode.TimeoutChange, opts ...CallOption) (*Session, error) {
	r := c.tokenRequest("replace", http.MethodPut, "", token, opts)
	if r.call.ifMatch == "" {
		r.call.ifMatch = "*"
	}
	body := newObject()
	body.values("attrs", attrs)
	body.timeoutChange(timeouts)
	return c.session(ctx, r, body)
}

// Pop takes attributes out and returns them in Session.Values; of all who ask, one gets them. Names that are absent are
// left out. Errors are those of Patch.
func (c *Client) Pop(ctx context.Context, token sessnode.Token, names []string, opts ...CallOption) (*Session, error) {
	r := c.tokenRequest("pop", http.MethodPost, "/pop", token, opts)
	if len(names) == 0 {
		return nil, r.refuse("pop needs at least one name")
	}
	body := newObject()
	body.list("names", names)
	return c.session(ctx, r, body)
}

// Touch records activity at once, and may change the session's own timeouts in the same step. Errors are those of Patch.
func (c *Client) Touch(ctx context.Context, token sessnode.Token, timeouts sessnode.TimeoutChange, opts ...CallOption) (*Session, error) {
	r := c.tokenRequest("touch", http.MethodPost, "/touch", token, opts)
	body := newObject()
	body.timeoutChange(timeouts)
	return c.session(ctx, r, body)
}

// Rotation is a new token for a session, and what changes with it.
type Rotation struct {
	Token   sessnode.Token // the new token; the zero value has the client make one
	Subject *string        // nil = unchanged, empty = signed out
	Reauth  bool           // the subject proved itself again: the lifetime starts anew
	Edit    sessnode.Edit
}

// Rotate gives the session a new token and returns it. Where the subject changes or proved itself again the old token is
// dead at once; otherwise it answers for a short grace, for requests that are under way.
//
// Errors are those of Patch and Create. The new token is returned with sessnode.ErrUnknown too: then it can be tried with
// Read, while the old one may still be good.
func (c *Client) Rotate(ctx context.Context, token sessnode.Token, in Rotation, opts ...CallOption) (sessnode.Token, *Session, error) {
	r := c.tokenRequest("rotate", http.MethodPost, "/rotate", token, opts)
	fresh := in.Token
	if fresh == "" {
		fresh = sessnode.NewToken()
	}
	body := newObject()
	body.edit(in.Edit)
	if in.Subject != nil {
		body.text("subject", *in.Subject)
	}
	if in.Reauth {
		body.raw("reauth", []byte("true"))
	}
	s, err := c.bring(ctx, r, fresh, body)
	return mayHold(fresh, err), s, err
}

// Revoke ends the session, now and for good. It is no error if there is none: a late Create with the token is refused
// all the same. With IfMatch it may return sessnode.ErrPrecondition; otherwise ErrUnavailable or ErrUnknown.
func (c *Client) Revoke(ctx context.Context, token sessnode.Token, opts ...CallOption) error {
	if !token.Valid(1) {
		return nil // no session can ever have it
	}
	_, err := c.do(ctx, c.tokenRequest("revoke", http.MethodDelete, "", token, opts))
	return err
}

// tokenRequest starts a request about the session that a token opens.
func (c *Client) tokenRequest(op, method, path string, token sessnode.Token, opts []CallOption) *request {
	r := c.appRequest(op, method, "/session"+path, opts)
	r.token, r.needsToken = token, true
	return r
}

// session sends a request that is answered by a session.
func (c *Client) session(ctx context.Context, r *request, body *object) (*Session, error) {
	if body.fault != "" {
		return nil, r.refuse("%s", body.fault)
	}
	r.body = body.bytes()
	a, err := c.do(ctx, r)
	if err != nil {
		return nil, err
	}
	s := &Session{ETag: a.header.Get("ETag"), At: a.at}
	if a.status == http.StatusNotModified {
		s.NotModified = true
		s.App = r.app
		s.IdleDeadline, _ = time.Parse(time.RFC3339Nano, a.header.Get("Session-Idle-Deadline"))
		s.End, _ = time.Parse(time.RFC3339Nano, a.header.Get("Session-End"))
		return s, nil
	}
	var w wireSession
	if err := r.into(a, &w); err != nil {
		return nil, err
	}
	s.Session = w.session()
	if w.Values != nil {
		s.Values = values(w.Values, w.Raw)
	} else if r.changes() && w.Raw != nil {
		s.Values = values(nil, w.Raw)
	}
	return s, nil
}
