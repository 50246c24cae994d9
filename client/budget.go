package client

import (
	"sync"

	"github.com/sessnode/sessnode"
)

const (
	budgetEach = 0.1 // of a further try, that a call earns
	budgetMost = 10  // further tries, that can be saved up; there at first
)

// budget bounds the further tries after nodes that refused because they have too much to do. Without it a client would send several
// times as much just then: each call would ask all nodes, again and again until its time is over.
//
// Calls that end sessions are not bound by it, nor are those whose earlier try may have made the change.
type budget struct {
	mu   sync.Mutex
	left float64
}

func newBudget() *budget { return &budget{left: budgetMost} }

// earn counts a call.
func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.left+budgetEach, budgetMost)
}

// allows reports whether there may be another try after failed, and pays for it.
func (b *budget) allows(r *request, failed *failure, doubt bool) bool {
	if failed.reason != sessnode.ReasonOverload || doubt || r.method == "DELETE" {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
