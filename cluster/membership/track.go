package membership

import (
	"time"

	"github.com/hashicorp/raft"
)

// tracker remembers since when nodes have kept up without a break. It belongs to one term of leadership and one goroutine.
type tracker struct {
	maxLag uint64
	since  map[raft.ServerID]time.Time
}

func newTracker(maxLag uint64) *tracker {
	return &tracker{maxLag: maxLag, since: make(map[raft.ServerID]time.Time)}
}

// observe records one measurement. A single bad one starts the wait anew.
func (t *tracker) observe(id raft.ServerID, lag uint64, err error, now time.Time) {
	if err != nil || lag > t.maxLag {
		delete(t.since, id)
		return
	}
	if _, known := t.since[id]; !known {
		t.since[id] = now
	}
}

// keepOnly forgets nodes that were not measured this time.
func (t *tracker) keepOnly(seen map[raft.ServerID]bool) {
	for id := range t.since {
		if !seen[id] {
			delete(t.since, id)
		}
	}
}

// caughtUp returns for how long each node has kept up.
func (t *tracker) caughtUp(now time.Time) map[raft.ServerID]time.Duration {
	times := make(map[raft.ServerID]time.Duration, len(t.since))
	for id, since := range t.since {
		times[id] = now.Sub(since)
	}
	return times
}
