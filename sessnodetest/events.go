package sessnodetest

import (
	"context"
	"time"

	"github.com/sessnode/sessnode"
)

// eventsAtOnce is how many events one page holds at most.
const eventsAtOnce = 512

// Events returns what happened after a place in the stream, and waits for it on the real clock.
func (s *Store) Events(ctx context.Context, q sessnode.EventQuery, wait time.Duration) (sessnode.EventPage, error) {
	if err := s.readable(ctx, sessnode.Read{}); err != nil {
		return sessnode.EventPage{}, err
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		page, err := s.machine.Events(q, eventsAtOnce)
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
			return page, nil
		case <-ctx.Done():
			return page, alive(ctx)
		}
	}
}
