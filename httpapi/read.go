package httpapi

import (
	"context"

	"github.com/sessnode/sessnode"
)

// read answers with the session of the token: 304 if the client has its state already. It counts as activity unless the
// request says otherwise.
func read(ctx context.Context, c *call) (*Reply, error) {
	how, err := c.how()
	if err != nil {
		return nil, err
	}
	if c.has[0] {
		switch c.query[0] {
		case "true":
		case "false":
			how.NoTouch = true
		default:
			return nil, mistake("touch is true or false")
		}
	}
	key, err := c.key()
	if err != nil {
		return nil, err
	}
	s, at, err := c.api.config.Store.Session(ctx, c.app, key, how)
	return c.found(&s, at, err)
}

// readID answers with a session by its public name. It never counts as activity.
func readID(ctx context.Context, c *call) (*Reply, error) {
	how, err := c.how()
	if err != nil {
		return nil, err
	}
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	how.NoTouch = true
	s, at, err := c.api.config.Store.SessionByID(ctx, c.app, id, how)
	return c.found(&s, at, err)
}

func (c *call) found(s *sessnode.Session, at sessnode.Position, err error) (*Reply, error) {
	c.at = at
	if err != nil {
		return nil, err
	}
	if c.Header.has(headerIfNoneMatch) && c.isFresh(etag(at.Generation, s.Version)) {
		return c.notModified(s), nil
	}
	return c.session(s), nil
}

// id reads {id}. A text that can be none names no session for certain.
func (c *call) id() (sessnode.ID, error) {
	id, err := sessnode.ParseID(c.param)
	if err != nil || id.IsZero() {
		return id, sessnode.Errorf(sessnode.CodeNotFound, "", "no session can have such an id")
	}
	return id, nil
}
