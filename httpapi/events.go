package httpapi

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

// retryAfterStream is how long a client should wait before it follows again after a stream ended, in ms: another node will do.
const retryAfterStream = "retry: 500\n"

// follow answers with a stream of server-sent events: of one app, or of all where the path names none. Whether the place to begin
// at is still there is settled before the stream begins, so that 410 and 503 can be told as such. The stream counts against a bound
// of its own from then on.
func follow(ctx context.Context, c *call) (*Reply, error) {
	q, err := c.eventQuery()
	if err != nil {
		return nil, err
	}
	if c.api.life.Err() != nil { // it would end at once
		return nil, sessnode.Errorf(sessnode.CodeUnavailable, "", "this node is about to stop: follow at another one")
	}
	first, err := c.api.config.Store.Events(ctx, q, 0)
	if err != nil {
		return nil, err
	}
	r := &Reply{Status: 200}
	r.set("Content-Type", typeEvents)
	r.set("X-Accel-Buffering", "no") // nginx would hold events back
	if c.Method == "HEAD" {
		return r, nil
	}
	gate := c.api.gate
	if err := gate.enter(laneStream); err != nil {
		return nil, err
	}
	api := c.api
	r.Stream = func(ctx context.Context, send func([]byte) error) {
		defer gate.leave(laneStream)
		api.stream(ctx, q, first, send)
	}
	return r, nil
}

// eventQuery reads what is to be followed, and from where on.
func (c *call) eventQuery() (sessnode.EventQuery, error) {
	q := sessnode.EventQuery{App: c.app, After: c.query[0], Subject: c.query[2]}
	last, sent, err := c.only(headerLastEventID)
	if err != nil {
		return q, err
	}
	if sent && last != "" { // a client that reconnects repeats the query that it began with
		q.After = last
	}
	if c.has[2] {
		if err := checkSubject(q.Subject); err != nil || q.Subject == "" {
			return q, mistake("subject is that of a signed-in user, and not empty")
		}
	}
	if !c.has[1] {
		return q, nil
	}
	for name := range strings.SplitSeq(c.query[1], ",") {
		kind, known := sessnode.ParseEventKind(name)
		if !known || kind == sessnode.EventGap {
			return q, mistake("kinds is a list of created, bound, rotated, revoked and expired, separated by commas")
		}
		q.Kinds = append(q.Kinds, kind)
	}
	return q, nil
}

// mostKept is how large a buffer a stream keeps between two pages.
const mostKept = 16 << 10

// stream sends events until the reader is gone, the node drains, or the store can no longer vouch that nothing was missed. It then
// ends, and the reader goes on at another node by the last id.
func (a *API) stream(ctx context.Context, q sessnode.EventQuery, page sessnode.EventPage, send func([]byte) error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(a.life, cancel)()
	block := []byte(retryAfterStream)
	for {
		for i := range page.Events {
			block = appendEvent(block, &page.Events[i])
		}
		// A place without an event moves the reader's last id forward, and tells that all up to there was told.
		block = append(append(append(block, "id: "...), page.Next...), "\n\n"...)
		if send(block) != nil {
			return
		}
		if cap(block) > mostKept { // a burst must not be paid for as long as the stream lives
			block = nil
		}
		block, q.After = block[:0], page.Next
		var err error
		page, err = a.config.Store.Events(ctx, q, a.config.EventBeat)
		var gone *sessnode.Error
		if errors.Is(err, sessnode.ErrGone) && errors.As(err, &gone) {
			block = appendEvent(block, &sessnode.Event{ID: gone.Oldest, Kind: sessnode.EventGap, Reason: gone.Reason})
			page, err = sessnode.EventPage{Next: gone.Oldest}, nil
		}
		if err != nil {
			_ = send([]byte(": this node ends the stream: " + sessnode.CodeOf(err).String() + "\n\n"))
			return
		}
	}
}

// appendEvent writes one event as a block of the stream.
func appendEvent(block []byte, e *sessnode.Event) []byte {
	w := newWriter(formatJSON)
	w.beginObject()
	w.member("id", e.ID)
	w.member("kind", e.Kind.String())
	w.memberIf("app", e.App)
	if !e.Session.IsZero() {
		w.member("session", e.Session.String())
	}
	for _, m := range [...]struct{ name, value string }{
		{"subject", e.Subject}, {"was", e.Was}, {"reason", e.Reason}, {"actor", e.Actor}, {"node", e.Node},
	} {
		w.memberIf(m.name, m.value)
	}
	if !e.At.IsZero() {
		w.name("at")
		w.time(e.At)
	}
	w.end()
	block = append(append(append(block, "id: "...), e.ID...), "\nevent: "...)
	block = append(append(append(block, e.Kind.String()...), "\ndata: "...), w.buf...)
	return append(block, "\n\n"...)
}

// EventBeat's default. Proxies usually cut connections that are silent for 60 s.
const defaultEventBeat = 10 * time.Second
