package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/sessnode/sessnode"
)

// SubjectSessions lists the live sessions of a subject, oldest first, without attributes. A subject that has none is no
// error.
func (c *Client) SubjectSessions(ctx context.Context, subject string, opts ...CallOption) ([]sessnode.Session, error) {
	r, err := c.subjectRequest("list", http.MethodGet, subject, "/sessions", opts)
	if err != nil {
		return nil, err
	}
	var out struct{ Sessions []wireSession }
	err = c.exchange(ctx, r, &out)
	return sessionsOf(out.Sessions), err
}

// RevokeSubject ends all sessions of a subject, but except where it is not zero, and returns how many. It is one step:
// no session of the subject that began before it lives after it.
func (c *Client) RevokeSubject(ctx context.Context, subject string, except sessnode.ID, opts ...CallOption) (uint64, error) {
	r, err := c.subjectRequest("revoke subject", http.MethodDelete, subject, "/sessions", opts)
	if err != nil {
		return 0, err
	}
	if !except.IsZero() {
		r.query = url.Values{"except": {except.String()}}
	}
	return c.endedCount(ctx, r)
}

// Export is everything that the store holds about a subject (GDPR article 15).
type Export struct {
	App      string
	Subject  string
	Sessions []sessnode.Session // with attributes
	Ended    []sessnode.Ended   // what is remembered of sessions that ended lately
}

// ExportSubject returns everything that the store holds about a subject.
func (c *Client) ExportSubject(ctx context.Context, subject string, opts ...CallOption) (*Export, error) {
	r, err := c.subjectRequest("export", http.MethodGet, subject, "", opts)
	if err != nil {
		return nil, err
	}
	var out struct {
		Sessions []wireSession
		Ended    []wireEnded
	}
	if err := c.exchange(ctx, r, &out); err != nil {
		return nil, err
	}
	return &Export{App: c.app, Subject: subject, Sessions: sessionsOf(out.Sessions), Ended: endedOf(c.app, out.Ended)}, nil
}

func (c *Client) subjectRequest(op, method, subject, path string, opts []CallOption) (*request, error) {
	r := c.appRequest(op, method, "/subjects/"+segment(subject)+path, opts)
	if subject == "" {
		return nil, r.refuse("an empty subject has no list: those sessions are anonymous")
	}
	return r, nil
}

// exchange sends a request and reads the answer's body.
func (c *Client) exchange(ctx context.Context, r *request, into any) error {
	a, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	return r.into(a, into)
}

// endedCount sends a request that ends many sessions.
func (c *Client) endedCount(ctx context.Context, r *request) (uint64, error) {
	var out struct{ Ended uint64 }
	err := c.exchange(ctx, r, &out)
	return out.Ended, err
}
