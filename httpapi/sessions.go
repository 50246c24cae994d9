package httpapi

import "context"

// listSessions answers with one page of the app's sessions, without attributes.
func listSessions(ctx context.Context, c *call) (*Reply, error) {
	how, err := c.how()
	if err != nil {
		return nil, err
	}
	page, at, err := c.api.config.Store.Sessions(ctx, c.app, c.query[0], how)
	if c.at = at; err != nil {
		return nil, err
	}
	w := newWriter(c.out)
	w.beginObject()
	w.sessions(page.Sessions, false)
	w.memberIf("next", page.Next)
	w.end()
	return c.reply(200, w), nil
}
