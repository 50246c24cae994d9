package cluster

import (
	"sync"

	"github.com/sessnode/sessnode"
)

// spareParts is which part of the gate's limits is added for changes that end sessions: a logout must not be lost behind a flood of
// creates.
const spareParts = 8

// gate bounds the changes that wait at this node, by number and by bytes: what would pass a limit is refused at once rather
// than queued without end. It is the last resort: package httpapi lets less in, by time.
type gate struct {
	maxOps, maxBytes int

	mu         sync.Mutex
	ops, bytes int
	shed       uint64 // refused so far
}

// enter admits a change of size bytes, or returns ErrUnavailable with the reason overload. spare says that it may use what is kept
// for changes that end sessions. Who was admitted must leave.
func (g *gate) enter(size int, spare bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	maxOps, maxBytes := g.maxOps, g.maxBytes
	if spare {
		maxOps, maxBytes = maxOps+max(maxOps/spareParts, 1), maxBytes+maxBytes/spareParts
	}
	if g.ops >= maxOps || g.bytes+size > maxBytes {
		g.shed++
		return sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonOverload, "%d changes of %d bytes wait at this node", g.ops, g.bytes)
	}
	g.ops++
	g.bytes += size
	return nil
}

// leave gives the place back, of what is not outside.
func (g *gate) leave(size int) {
	if size == outside {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ops--
	g.bytes -= size
}

// load returns what waits, and how much was refused so far.
func (g *gate) load() (ops, bytes int, shed uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ops, g.bytes, g.shed
}

// ends reports whether a change ends sessions and adds nothing.
func ends(c sessnode.Change) bool {
	switch c.(type) {
	case sessnode.Revoke, sessnode.RevokeID, sessnode.RevokeSubject, sessnode.RevokeApp, sessnode.DropApp:
		return true
	}
	return false
}
