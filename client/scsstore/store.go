package scsstore

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/internal/govalue"
)

// leastToken is the shortest token that any policy allows.
const leastToken = 8

// Options are the settings of a Store. The zero value is good.
type Options struct {
	// SubjectFrom is the key that says who is signed in, a string or an int; see the package comment. Empty means none: no session has a
	// subject.
	SubjectFrom string

	// Codec is the one of the scs.SessionManager, if you have set another than scs.GobCodec. Nil means that one.
	Codec Codec
}

// Codec is scs.Codec.
type Codec interface {
	Encode(deadline time.Time, values map[string]any) ([]byte, error)
	Decode(blob []byte) (deadline time.Time, values map[string]any, err error)
}

// Store keeps sessions of scs. It is safe for concurrent use.
//
// The methods without a context are those with one under context.Background; scs uses them only through scs.Store.
type Store struct {
	client *client.Client
	codec  Codec
	signs  string // Options.SubjectFrom
}

// New makes a Store for the client's app.
func New(c *client.Client, o Options) *Store {
	govalue.Register()
	s := &Store{client: c, codec: o.Codec, signs: o.SubjectFrom}
	if s.codec == nil {
		s.codec = gobCodec{}
	}
	return s
}

// Find is FindCtx without a context.
func (s *Store) Find(token string) (blob []byte, found bool, err error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (s *Store) Commit(token string, blob []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, blob, expiry)
}

// Delete is DeleteCtx without a context.
func (s *Store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// FindCtx returns a session as scs's codec writes it. It counts as activity. found is false only if there certainly is no such session; a
// cookie that can hold no token is not asked about. The error is sessnode.ErrUnavailable, or sessnode.ErrInvalid for a value of
// a type that was not given to gob.Register.
func (s *Store) FindCtx(ctx context.Context, token string) (blob []byte, found bool, err error) {
	if !sessnode.Token(token).Valid(leastToken) || strings.HasPrefix(token, handlePrefix) {
		return nil, false, nil
	}
	got, err := s.client.Read(ctx, sessnode.Token(token))
	if errors.Is(err, sessnode.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	base := baselineOf(got)
	values, err := s.values(base)
	if err != nil {
		return nil, false, err
	}
	values[entryOf(token)] = base.text()
	blob, err = s.codec.Encode(got.End, values)
	if err != nil {
		return nil, false, invalid("the session cannot be handed over: %v", err)
	}
	return blob, true, nil
}

// DeleteCtx revokes a session. It is no error if there is none. It does not end with ctx: once begun, it is done or its error says that this
// is not known. A handle of AllCtx is taken too.
func (s *Store) DeleteCtx(ctx context.Context, token string) error {
	ctx = context.WithoutCancel(ctx)
	if handle, ok := strings.CutPrefix(token, handlePrefix); ok {
		return s.revokeID(ctx, handle)
	}
	return s.client.Revoke(ctx, sessnode.Token(token))
}

// values are the attributes that have a form in Go.
func (s *Store) values(base *baseline) (map[string]any, error) {
	values := make(map[string]any, len(base.Attrs)+1)
	for name, stored := range base.Attrs {
		v, ok, err := govalue.Decode(stored)
		if err != nil {
			return nil, invalid("attribute %q: %v", name, err)
		}
		if ok {
			values[name] = v
		}
	}
	return values, nil
}
