package membership

import (
	"time"

	"github.com/hashicorp/raft"
)

// tracker remembers since when something has held of nodes without a break. It belongs to one term of leadership and one goroutine.
type tracker map[raft.ServerID]time.Time

// observe records one look. A single one at which it does not hold starts the wait anew.
func (t tracker) observe(id raft.ServerID, holds bool, now time.Time) {
	if !holds {
		delete(t, id)
		return
	}
	if _, known := t[id]; !known {
		t[id] = now
	}
}

// keepOnly forgets nodes that were not looked at this time.
func (t tracker) keepOnly(seen map[raft.ServerID]bool) {
	for id := range t {
		if !seen[id] {
			delete(t, id)
		}
	}
}

// lasted returns for how long it has held of each node.
func (t tracker) lasted(now time.Time) map[raft.ServerID]time.Duration {
	times := make(map[raft.ServerID]time.Duration, len(t))
	for id, since := range t {
		times[id] = now.Sub(since)
	}
	return times
}

// tracks are what a leader keeps an eye on.
type tracks struct {
	caughtUp tracker // nodes that keep up with the log
	silent   tracker // nodes that do not answer at all
}

func newTracks() tracks { return tracks{tracker{}, tracker{}} }
