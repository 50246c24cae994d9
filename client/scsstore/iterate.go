package scsstore

import (
	"context"
	"errors"

	"github.com/sessnode/sessnode"
)

// handlePrefix begins what AllCtx gives in the place of tokens.
const handlePrefix = "id:"

// All is AllCtx without a context.
func (s *Store) All() (map[string][]byte, error) { return s.AllCtx(context.Background()) }

// AllCtx returns all live sessions of the app. The store does not have their tokens, only hashes, so the map's keys are handles: "id:" and the
// session's public name. DeleteCtx takes one, so that Destroy works inside of scs.SessionManager.Iterate; CommitCtx takes one if nothing was
// changed; to FindCtx it is no token, so that it is of no use as a cookie.
//
// It asks once for each session, and needs an operator's key where the nodes want keys. To sign somebody out everywhere, Client.RevokeSubject
// is one step, and misses no session that begins meanwhile.
func (s *Store) AllCtx(ctx context.Context) (map[string][]byte, error) {
	all := map[string][]byte{}
	for listed, err := range s.client.Sessions(ctx) {
		if err != nil {
			return nil, err
		}
		got, err := s.client.SessionByID(ctx, listed.ID)
		if errors.Is(err, sessnode.ErrNotFound) {
			continue // ended since the list was made
		}
		if err != nil {
			return nil, err
		}
		values, err := s.values(baselineOf(got))
		if err != nil {
			return nil, err
		}
		if all[handlePrefix+got.ID.String()], err = s.codec.Encode(got.End, values); err != nil {
			return nil, invalid("the session cannot be handed over: %v", err)
		}
	}
	return all, nil
}

// revokeID ends the session of a handle.
func (s *Store) revokeID(ctx context.Context, handle string) error {
	id, err := sessnode.ParseID(handle)
	if err != nil {
		return nil // no session has it: as with tokens
	}
	err = s.client.RevokeID(ctx, id)
	if errors.Is(err, sessnode.ErrNotFound) {
		return nil
	}
	return err
}

// commitID takes a session of a handle back that was not changed.
func (s *Store) commitID(ctx context.Context, handle string, values map[string]any) error {
	id, err := sessnode.ParseID(handle)
	if err != nil {
		return &sessnode.Error{Op: "commit", App: s.client.Name(), Err: sessnode.ErrNotFound}
	}
	got, err := s.client.SessionByID(ctx, id)
	if err != nil {
		return err
	}
	if edit, err := (request{Store: s, values: values}).diff(baselineOf(got)); err != nil || len(edit.Set)+len(edit.Unset) > 0 {
		return errors.Join(err, invalid("a session that came from AllCtx can be ended, not changed: its token is not known"))
	}
	return nil
}
