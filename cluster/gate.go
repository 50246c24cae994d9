package cluster

import (
	"sync"

	"github.com/sessnode/sessnode"
)

// gate bounds the changes that wait at this node, by number and by bytes: what would pass a limit is refused at once rather
// than queued without end.
type gate struct {
	maxOps, maxBytes int

	mu         sync.Mutex
	ops, bytes int
	shed       uint64 // refused so far
}

// enter admits a change of size bytes, or returns ErrUnavailable with the reason overload. Who was admitted must leave.
func (g *gate) enter(size int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ops >= g.maxOps || g.bytes+size > g.maxBytes {
		g.shed++
		return sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonOverload, "%d changes of %d bytes wait at this node", g.ops, g.bytes)
	}
	g.ops++
	g.bytes += size
	return nil
}

// leave gives the place back.
func (g *gate) leave(size int) {
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
