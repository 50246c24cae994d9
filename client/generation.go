package client

import (
	"sync"
	"time"

	"github.com/sessnode/sessnode"
)

// settleTime is how long another generation must be the only one heard of before the client believes that the cluster
// was restored.
const settleTime = 30 * time.Second

// history is what a client has seen of the cluster's log.
//
// It keeps "the session does not exist" honest: a node that was restored from an old backup, or that belongs to another
// cluster by a mistake in a URL, would say it of everyone's session. Its answers count as unavailable until it is clear
// that no node tells the old story any more.
type history struct {
	mu    sync.Mutex
	seen  string // Session-Generation of the answers so far; empty before the first
	rival string // another one that was heard of since
	since time.Time
	last  sessnode.Position // of the last change that was acknowledged
}

// believe reports whether an answer out of a generation may be believed.
func (h *history) believe(generation string, now time.Time) bool {
	if generation == "" {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.seen == "":
		h.seen = generation
	case h.seen == generation:
		h.rival = ""
	case h.rival != generation:
		h.rival, h.since = generation, now
		return false
	case now.Sub(h.since) < settleTime:
		return false
	default:
		h.seen, h.rival, h.last = generation, "", sessnode.Position{}
	}
	return true
}

// wrote remembers the position of a change that was acknowledged.
func (h *history) wrote(at sessnode.Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at.Generation != h.last.Generation || at.Index > h.last.Index {
		h.last = at
	}
}

// lastWrite returns the position of the last change, or the zero position.
func (h *history) lastWrite() sessnode.Position {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}
