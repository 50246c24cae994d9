package httpapi

import (
	"context"

	"github.com/sessnode/sessnode"
)

// touch records activity at once, and may change the session's own timeouts in the same step.
func touch(ctx context.Context, c *call) (*Reply, error) {
	var in sessnode.TouchOne
	if err := c.decode(timeoutChanges(&in.Timeouts)...); err != nil {
		return nil, err
	}
	if err := c.noMatch(); err != nil {
		return nil, err
	}
	var err error
	if in.Key, err = c.key(); err != nil {
		return nil, err
	}
	effect, err := c.write(ctx, in)
	if err != nil {
		return nil, err
	}
	return c.changed(200, &effect, "", false), nil
}

// pop takes attributes out and answers with them, exactly once.
func pop(ctx context.Context, c *call) (*Reply, error) {
	var in sessnode.Pop
	if err := c.decode(field{"names", names(&in.Names)}); err != nil {
		return nil, err
	}
	if in.Names == nil {
		return nil, mistake("names is missing: it lists the attributes to take out")
	}
	if err := c.noMatch(); err != nil {
		return nil, err
	}
	var err error
	if in.Key, err = c.key(); err != nil {
		return nil, err
	}
	effect, err := c.write(ctx, in)
	if err != nil {
		return nil, err
	}
	return c.changed(200, &effect, "", true), nil
}
