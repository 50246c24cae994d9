package live

import (
	"time"

	"github.com/sessnode/sessnode/internal/drill/result"
)

// State is how a drill stands at a moment. The zero value is a drill that has not begun.
type State struct {
	Scenario string
	Seed     uint64
	Clients  int           // with known histories
	Elapsed  time.Duration // since the drill's clock was started
	Planned  time.Duration // how long it is meant to take; 0: not known

	Phases []string // all of them, in order
	Phase  string   // the present one
	Nodes  []Node

	Slots  []result.Slot // availability so far
	SlotMS float64
	Gap    time.Duration // the longest time without an acknowledged write since the fault
	Budget time.Duration // the longest that passes; 0: none is set

	Acked, Refused, Unknown int           // operations of clients
	P99, P99Before          time.Duration // of acknowledged writes: lately, and before the fault; 0: not known
	SignedIn, SignedOut     int           // people; SignedOut by a fault
}

// Node is one node as it is seen from outside.
type Node struct {
	Name  string
	Life  string        // running, paused, killed, stopped, cut off; empty: running
	Since time.Duration // for how long it has been so
	Leads bool
	Term  uint64
	Lag   uint64 // entries behind the furthest node
}

// lives reports whether a node runs as it should.
func (n Node) lives() bool { return n.Life == "" || n.Life == "running" }
