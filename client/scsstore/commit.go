package scsstore

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/internal/govalue"
)

const (
	// never stands for a timeout that scs does not have. It is what policies allow at most by default, and the store cuts it to what this
	// app's policy allows.
	never = 400 * sessnode.Day

	// idleStep is what an idle timeout must differ by to count as another one: scs tells when the session expires, measured anew each time.
	idleStep = time.Second
)

// request is one CommitCtx.
type request struct {
	*Store
	token  sessnode.Token
	values map[string]any
	until  time.Time     // the absolute deadline
	idle   time.Duration // 0 = none, or the deadline comes first
}

// CommitCtx sends what the request changed, compared with what FindCtx gave it. It does not end with ctx: a browser that goes away must not
// leave a change in doubt. Where nothing was found it makes a session, unless there is nothing to keep.
//
// It returns sessnode.ErrNotFound if the session ended meanwhile: its changes are dropped, and the cookie must be left alone.
// sessnode.ErrInvalid and ErrTooLarge are about values that cannot be stored, or about a subject that was put without RenewToken; ErrLimit means that the
// policy allows the subject no more sessions; sessnode.ErrUnavailable, ErrUnknown and ErrFull are as package client says.
func (s *Store) CommitCtx(ctx context.Context, token string, blob []byte, expiry time.Time) error {
	ctx = context.WithoutCancel(ctx)
	deadline, values, err := s.codec.Decode(blob)
	if err != nil {
		return invalid("the session cannot be read: %v", err)
	}
	if handle, ok := strings.CutPrefix(token, handlePrefix); ok {
		return s.commitID(ctx, handle, values)
	}
	found, others, err := takeBaselines(values, token)
	if err != nil {
		return err
	}
	if deadline.IsZero() { // a codec that does not keep it
		deadline = expiry
	}
	r := request{Store: s, token: sessnode.Token(token), values: values, until: deadline}
	if expiry.Before(deadline) {
		r.idle = max(time.Until(expiry).Round(idleStep), idleStep)
	}
	if found != nil {
		return r.change(ctx, found)
	}
	return r.begin(ctx, others)
}

// begin makes a session. Its values may come from another one, whose token was renewed: then those that have no form in Go come along.
func (r request) begin(ctx context.Context, others []*baseline) error {
	in := client.Create{Token: r.token, Attrs: make(map[string]sessnode.Value, len(r.values)), Timeouts: r.timeouts()}
	var err error
	if in.Subject, err = r.subjectIn(r.values[r.signs]); err != nil {
		return err
	}
	for _, b := range others {
		in.Device = b.Device
		for name, v := range b.Attrs {
			if _, ok, _ := govalue.Decode(v); !ok {
				in.Attrs[name] = v
			}
		}
	}
	for name, v := range r.values {
		if in.Attrs[name], err = encode(name, v); err != nil {
			return err
		}
	}
	if len(in.Attrs) == 0 { // nothing to keep, or all of it cleared
		if err := r.overwrite(ctx); !errors.Is(err, sessnode.ErrNotFound) {
			return err
		}
		return nil
	}
	_, _, err = r.client.Create(ctx, in)
	if !errors.Is(err, sessnode.ErrConflict) {
		return err
	}
	switch reason := sessnode.ReasonOf(err); reason {
	case sessnode.ReasonTaken: // the request called Clear, and lost what it had found; or it never looked
		return r.overwrite(ctx)
	case sessnode.ReasonOpReused:
		return err
	default:
		return &sessnode.Error{Op: "commit", App: r.client.Name(), Reason: reason, Err: sessnode.ErrNotFound, Detail: "the session ended meanwhile"}
	}
}

// overwrite makes what is stored what this request has.
func (r request) overwrite(ctx context.Context) error {
	got, err := r.client.Read(ctx, r.token)
	if err != nil {
		return err
	}
	return r.change(ctx, baselineOf(got))
}

// change sends what differs from what was found.
func (r request) change(ctx context.Context, found *baseline) error {
	before, _, _ := govalue.Decode(found.Attrs[r.signs])
	was, _ := r.subjectIn(before) // what is no subject was refused when it was put
	subject, err := r.subjectIn(r.values[r.signs])
	switch {
	case err != nil:
		return err
	case subject == "" && was != "":
		return r.client.Revoke(ctx, r.token)
	case subject != was:
		return invalid("%q names another subject than before, and the token is the same: call RenewToken before", r.signs)
	}
	edit, err := r.diff(found)
	if err != nil {
		return err
	}
	if edit.Timeouts = r.timeoutChange(found); len(edit.Set) == 0 && len(edit.Unset) == 0 && edit.Timeouts == (sessnode.TimeoutChange{}) {
		return r.stillLives(ctx)
	}
	_, err = r.client.Patch(ctx, r.token, edit)
	return err
}

// stillLives returns ErrNotFound for a session that ended, or got another token, since it was found: scs sends the cookie after every
// commit, and would put the dead token over that of a login.
func (r request) stillLives(ctx context.Context) error {
	got, err := r.client.Read(ctx, r.token, client.WithoutTouch())
	if err == nil && got.Previous {
		err = &sessnode.Error{Op: "commit", App: r.client.Name(), Reason: sessnode.ReasonRotated, Err: sessnode.ErrNotFound}
	}
	return err
}

// diff compares values. One whose bytes differ may be the same still: gob writes maps in any order.
func (r request) diff(found *baseline) (sessnode.Edit, error) {
	edit := sessnode.Edit{Set: map[string]sessnode.Value{}}
	before := map[string]any{}
	for name, v := range r.values {
		value, err := encode(name, v)
		if err != nil {
			return edit, err
		}
		stored, there := found.Attrs[name]
		if there && stored.Codec == value.Codec && bytes.Equal(stored.Data, value.Data) {
			continue
		}
		edit.Set[name] = value
		if got, ok, err := govalue.Decode(stored); there && ok && err == nil {
			before[name] = got
		}
	}
	for name, stored := range found.Attrs {
		if _, there := r.values[name]; !there {
			if _, ok, err := govalue.Decode(stored); ok && err == nil { // else scs never saw it
				edit.Unset = append(edit.Unset, name)
			}
		}
	}
	r.dropSame(edit.Set, before)
	return edit, nil
}

// dropSame takes values out that came out of the codec as they had gone in.
func (r request) dropSame(set map[string]sessnode.Value, before map[string]any) {
	if len(before) == 0 {
		return
	}
	blob, err := r.codec.Encode(time.Time{}, before)
	if err != nil {
		return // what cannot be compared counts as changed
	}
	_, before, err = r.codec.Decode(blob)
	if err != nil {
		return
	}
	for name, v := range before {
		if reflect.DeepEqual(v, r.values[name]) {
			delete(set, name)
		}
	}
}

// timeouts are those of a new session: scs's own, and none of the policy's.
func (r request) timeouts() sessnode.Timeouts {
	t := sessnode.Timeouts{Idle: never, Lifetime: never, Expires: r.until}
	if r.idle > 0 {
		t.Idle = r.idle
	}
	return t
}

// timeoutChange compares timeouts. Where the deadline comes before the idle timeout, scs does not tell the latter.
func (r request) timeoutChange(found *baseline) sessnode.TimeoutChange {
	var change sessnode.TimeoutChange
	if !r.until.Equal(found.End) {
		change.Expires = &r.until
	}
	idle := r.idle
	switch own := found.Timeouts.Idle; {
	case idle > 0 && (idle-own).Abs() > idleStep:
		change.Idle = &idle
	case idle == 0 && own > 0 && own < never && time.Now().Add(own+idleStep).Before(r.until): // it was turned off
		idle = never
		change.Idle = &idle
	}
	return change
}

// subjectIn reads who is signed in out of the value of Options.SubjectFrom; "" = nobody.
func (r request) subjectIn(v any) (string, error) {
	if r.signs == "" {
		return "", nil
	}
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	default:
		return "", invalid("%q says who is signed in: it must be a string or an int, not a %T", r.signs, v)
	}
}

func encode(name string, v any) (sessnode.Value, error) {
	value, err := govalue.Encode(v)
	if err != nil {
		return value, invalid("attribute %q: %v", name, err)
	}
	return value, nil
}
