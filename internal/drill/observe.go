package drill

import (
	"time"

	"github.com/sessnode/sessnode/internal/drill/result"
)

// Observer is told how a drill goes on. Its methods are called by several goroutines, one at a time, and must not block for long.
type Observer interface {
	// Begin is called once before anything runs.
	Begin(s Scenario, c Config)
	// Event is called for what a person should read: a phase begins, a fault lands, a node takes office.
	Event(at time.Duration, text string)
	// Owe is called before a live cluster is changed, with the command that undoes it should the drill be killed before it does.
	Owe(command string)
	// Progress is called a few times a second.
	Progress(p Progress)
	// End is called once, with the verdict.
	End(r result.Result)
}

// Progress is the state of a drill at a moment.
type Progress struct {
	At     time.Duration
	Phase  string
	Phases []string // all of them, in order
	Nodes  []NodeState
	Slots  []result.Slot
	SlotMS float64
	Gap    time.Duration // the longest time without an acknowledged write since the fault
	Budget time.Duration

	Acked, Refused, Unknown int
	P99                     time.Duration // of acknowledged writes of the last seconds
	P99Before               time.Duration // of those before the fault; 0: not known yet
	SignedIn, SignedOut     int           // people; SignedOut by a fault
}

// NodeState is one node as a person is shown it.
type NodeState struct {
	Name  string
	Life  string // as local.Life says it
	Since time.Duration
	Leads bool
	Term  uint64
	Lag   uint64 // entries behind the furthest node
}

// Silent is an Observer that tells nobody.
type Silent struct{}

// Begin does nothing.
func (Silent) Begin(Scenario, Config) {}

// Event does nothing.
func (Silent) Event(time.Duration, string) {}

// Owe does nothing.
func (Silent) Owe(string) {}

// Progress does nothing.
func (Silent) Progress(Progress) {}

// End does nothing.
func (Silent) End(result.Result) {}
