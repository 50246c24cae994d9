package client

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

// Follow says which events are wanted, and from where on. The zero value means all that happens from now on.
type Follow struct {
	// After is where to begin: the ID of the last event that was seen, the text of a Session.At ("all since that change"), or
	// sessnode.OldestEvent for all that is kept. Empty: from now on.
	After string

	// Kinds are the kinds that are wanted; nil means all. A gap is always told.
	Kinds []sessnode.EventKind

	// Subject limits the events to the sessions of one subject, also those that it has just got or lost. Empty: all.
	Subject string

	// Reached, where it is not nil, is called with every place in the stream up to which all was told, also where nothing that was
	// asked for had happened: remember the last one as After. It is called between two turns of the loop, on the same goroutine.
	Reached func(id string)

	// Waits, where it is not nil, is called on the same goroutine each time that no node would go on with the stream, before it waits
	// and asks again.
	Waits func(err error)
}

// Events follows what happens to the sessions of the client's app, or of all apps where the client has none (an operator's key is
// needed then). Events come in the order of the log, each once, and without an end: when a node fails the stream goes on at
// another one.
//
//	for event, err := range sessions.Events(ctx, client.Follow{}) {
//
// The loop ends without an error when ctx ends, and with one when no node answers at the beginning (sessnode.ErrUnavailable, after
// the client's time-out), when the place to begin at is no longer kept (sessnode.ErrGone, with Error.Oldest), or when the
// request is refused. Once it has begun it waits for as long as no node answers. An event of the kind sessnode.EventGap says that
// events are missing: read what you need to know anew, and go on.
func (c *Client) Events(ctx context.Context, f Follow) iter.Seq2[sessnode.Event, error] {
	return func(yield func(sessnode.Event, error) bool) {
		f := f // where it came to belongs to this turn of the loop alone
		for begun, backed := false, time.Duration(0); ctx.Err() == nil; {
			s, err := c.openEvents(ctx, f)
			switch {
			case err == nil:
				begun = true
				opened := time.Now()
				goOn := s.each(&f, yield)
				s.close()
				if !goOn {
					return
				}
				if time.Since(opened) > backoffMax { // one that breaks at once may do so again
					backed = 0
				}
			case over(ctx):
				return
			case !begun || sessnode.CodeOf(err) != sessnode.CodeUnavailable:
				yield(sessnode.Event{}, err)
				return
			case f.Waits != nil:
				f.Waits(err)
			}
			backed = min(max(2*backed, backoffBase), backoffMax)
			if !pause(ctx, jittered(backed)) {
				<-ctx.Done() // so near that asking again is pointless
			}
		}
	}
}

// over reports whether a context has ended, or has so little time left that nothing is sent in it any more.
func over(ctx context.Context) bool {
	end, has := ctx.Deadline()
	return ctx.Err() != nil || has && time.Until(end) < leastSent
}

// openEvents begins a stream at some node.
func (c *Client) openEvents(ctx context.Context, f Follow) (s *eventStream, err error) {
	r := &request{op: "events", app: c.app, method: http.MethodGet, path: "/v1/events", query: url.Values{}}
	if c.app != "" {
		r.path = "/v1/apps/" + c.app + "/events"
	}
	if f.After != "" {
		r.query.Set("after", f.After)
	}
	if f.Subject != "" {
		r.query.Set("subject", f.Subject)
	}
	if f.Kinds != nil {
		var names []string
		for _, k := range f.Kinds {
			names = append(names, k.String())
		}
		r.query.Set("kinds", strings.Join(names, ","))
	}
	gone := map[*node]error{} // what one node has lost another one may still have
	err = c.settle(ctx, r, func(_ context.Context, n *node, allotted time.Duration) (failed *failure) {
		s, failed = c.askEvents(ctx, n, r, allotted)
		if failed != nil && failed.final && errors.Is(failed.err, sessnode.ErrGone) {
			gone[n] = failed.err
			failed.elsewhere, failed.final = true, len(gone) == len(c.nodes.all)
		}
		return failed
	})
	if err != nil {
		for _, err := range gone {
			return nil, err
		}
	}
	return s, err
}

// each hands out the events of one stream until it breaks (true), or the loop ends (false).
func (s *eventStream) each(f *Follow, yield func(sessnode.Event, error) bool) bool {
	for {
		id, data, ok := s.next()
		if !ok {
			return true
		}
		if len(data) > 0 {
			var w wireEvent
			if json.Unmarshal(data, &w) != nil {
				return true // cut in the middle, or not ours: ask again from the last place
			}
			if event, known := w.event(); known && !yield(event, nil) {
				return false
			}
		}
		if id != "" {
			f.After = id
			if f.Reached != nil {
				f.Reached(id)
			}
		}
	}
}
