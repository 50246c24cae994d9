package httpapi

import (
	"context"

	"github.com/sessnode/sessnode"
)

// patch merges an edit into what is stored. It never creates a session.
func patch(ctx context.Context, c *call) (*Reply, error) {
	in := &c.edit
	in.set.last = &c.known.names
	if err := decode(c, in, editMembers); err != nil {
		return nil, err
	}
	change, err := in.change()
	if err != nil {
		return nil, err
	}
	key, wanted, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	effect, err := c.write(ctx, sessnode.Patch{Key: key, IfMatch: wanted.version, Edit: change})
	if err != nil {
		return nil, err
	}
	return c.changed(200, &effect, "", len(change.Incr) > 0), nil
}

// replace sets all attributes at once. It needs If-Match, so that nobody drops what another request wrote without having
// said so. It never creates a session.
func replace(ctx context.Context, c *call) (*Reply, error) {
	var attrs attributes
	var in sessnode.Replace
	if err := c.decode(append([]field{{"attrs", attrs.readPlain}, {"raw", attrs.readRaw}}, timeoutChanges(&in.Timeouts)...)...); err != nil {
		return nil, err
	}
	key, wanted, err := c.target(ctx)
	if err != nil {
		return nil, err
	}
	if !wanted.sent {
		return nil, mistake("PUT needs If-Match: the ETag of the state to replace, or * for any")
	}
	in.Key, in.IfMatch, in.Attrs = key, wanted.version, attrs.values
	effect, err := c.write(ctx, in)
	if err != nil {
		return nil, err
	}
	return c.changed(200, &effect, "", false), nil
}

// target reads which session is meant, and at which version.
func (c *call) target(ctx context.Context) (sessnode.Key, match, error) {
	key, err := c.key()
	if err != nil {
		return key, match{}, err
	}
	wanted, err := c.ifMatch(ctx)
	return key, wanted, err
}
