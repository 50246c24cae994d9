package cluster

import (
	"context"
	"time"

	"github.com/sessnode/sessnode"
)

// eventsAtOnce is how many events one page holds at most: about 100 KB on the wire.
const eventsAtOnce = 512

// Events returns what happened to sessions after a place in the stream, in the order of the log. It answers as soon as there is
// something, and after wait at the latest. An empty page is certain: when Events was about to return, nothing that was asked for
// had been committed in the whole cluster beyond its Next. So a node that is cut off answers sessnode.ErrUnavailable after the
// wait rather than staying silent.
//
// ErrGone, with the place where the stream can be taken up again, means that this node does not keep all that happened since;
// ErrInvalid that After is no place.
func (n *Node) Events(ctx context.Context, q sessnode.EventQuery, wait time.Duration) (sessnode.EventPage, error) {
	if err := n.begin(); err != nil {
		return sessnode.EventPage{}, decorate(err, "events", q.App)
	}
	n.end() // waiting is not work: it must not hold up a node that stops
	page, err := n.awaitEvents(ctx, q, wait)
	return page, decorate(err, "events", q.App)
}

func (n *Node) awaitEvents(ctx context.Context, q sessnode.EventQuery, wait time.Duration) (sessnode.EventPage, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		changed := n.replica.progress.changed.wait()
		page, err := n.replica.machine.Events(q, eventsAtOnce)
		if sessnode.ReasonOf(err) == sessnode.ReasonGeneration {
			return n.certainEvents(ctx, q) // a node that has only just started knows no generation yet
		}
		if err != nil || len(page.Events) > 0 {
			return page, err
		}
		if page.Next != q.After {
			q.After = page.Next
			continue
		}
		select {
		case <-changed:
		case <-timer.C:
			return n.certainEvents(ctx, q)
		case <-ctx.Done():
			return page, sessnode.Errorf(sessnode.CodeUnavailable, "", "the reader is gone")
		case <-n.ctx.Done():
			return page, sessnode.Errorf(sessnode.CodeUnavailable, "", "this node is shutting down")
		}
	}
}

// certainEvents looks once this node has caught up with all that is committed. What is due to end by then has ended.
func (n *Node) certainEvents(ctx context.Context, q sessnode.EventQuery) (sessnode.EventPage, error) {
	var page sessnode.EventPage
	var lookErr error
	_, err := n.readDue(ctx, func() { page, lookErr = n.replica.machine.Events(q, eventsAtOnce) })
	if err == nil {
		err = lookErr
	}
	return page, err
}
