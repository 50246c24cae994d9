package httpapi

import (
	"context"

	"github.com/sessnode/sessnode"
)

// subject reads {subject}, one percent-encoded segment of the path.
func (c *call) subject() (string, error) { return c.param, checkSubject(c.param) }

// listSubject lists a subject's sessions, oldest first, without attributes.
func listSubject(ctx context.Context, c *call) (*Reply, error) {
	_, list, err := c.subjectSessions(ctx, false)
	if err != nil {
		return nil, err
	}
	w := newWriter(c.out)
	w.beginObject()
	w.sessions(list, false)
	w.end()
	return c.reply(200, w), nil
}

func (c *call) subjectSessions(ctx context.Context, attrs bool) (subject string, list []sessnode.Session, err error) {
	how, err := c.how()
	if err != nil {
		return "", nil, err
	}
	if subject, err = c.subject(); err != nil {
		return "", nil, err
	}
	list, c.at, err = c.api.config.Store.Subject(ctx, c.app, subject, attrs, how)
	return subject, list, err
}

// exportSubject answers with everything that the store holds about a subject (GDPR article 15). The Session-Index is that of
// its sessions; what ended in the moment between the two questions may be in both lists.
func exportSubject(ctx context.Context, c *call) (*Reply, error) {
	subject, list, err := c.subjectSessions(ctx, true)
	if err != nil {
		return nil, err
	}
	gone, _, err := c.api.config.Store.Why(ctx, c.app, sessnode.ID{}, subject)
	if err != nil {
		return nil, err
	}
	w := newWriter(c.out)
	w.beginObject()
	w.member("app", c.app)
	w.member("subject", subject)
	w.sessions(list, true)
	w.endedList(gone)
	w.end()
	return c.reply(200, w), nil
}

// revokeSubject ends all sessions of a subject in one step, but the one named by ?except.
func revokeSubject(ctx context.Context, c *call) (*Reply, error) {
	subject, err := c.subject()
	if err != nil {
		return nil, err
	}
	change := sessnode.RevokeSubject{Subject: subject}
	if c.has[0] {
		if change.Except, err = sessnode.ParseID(c.query[0]); err != nil || change.Except.IsZero() {
			return nil, mistake("except is the id of a session: 22 characters of base64url")
		}
	}
	return c.endMany(ctx, change)
}

// why answers how sessions ended, newest first: that of an id, or those of a subject.
func why(ctx context.Context, c *call) (*Reply, error) {
	var id sessnode.ID
	var err error
	if c.has[0] == c.has[1] {
		return nil, mistake("ask with ?id= or with ?subject=")
	}
	if c.has[0] {
		id, err = sessnode.ParseID(c.query[0])
		if err != nil || id.IsZero() {
			return nil, mistake("id is that of a session: 22 characters of base64url")
		}
	} else if err = checkSubject(c.query[1]); err == nil && c.query[1] == "" {
		err = mistake("the subject must not be empty")
	}
	if err != nil {
		return nil, err
	}
	list, at, err := c.api.config.Store.Why(ctx, c.app, id, c.query[1])
	if c.at = at; err != nil {
		return nil, err
	}
	w := newWriter(c.out)
	w.beginObject()
	w.endedList(list)
	w.end()
	return c.reply(200, w), nil
}
