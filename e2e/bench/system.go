package bench

import (
	"context"
	"errors"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
	load "github.com/sessnode/sessnode/internal/bench"
)

// System is one thing to be measured.
type System struct {
	Name      string   `json:"name"`
	Title     string   `json:"title"`
	Kind      string   `json:"kind"`      // Peer, Ours or Limit
	Durable   string   `json:"durable"`   // where a change is when it is answered
	Reads     string   `json:"reads"`     // what a read may miss
	Mapping   string   `json:"mapping"`   // what the operations are there
	Routes    []string `json:"routes"`    // as package load has them: through which nodes clients send
	Workloads []string `json:"workloads"` // that it knows; empty: all

	// failoverOnly leaves it out of "all".
	failoverOnly bool

	// start starts it in a folder of its own. Stop of what it returns is called also after an error.
	start func(ctx context.Context, s *Site) (*Running, error)
}

// Kinds of systems.
const (
	Ours  = "ours"
	Peer  = "peer"
	Limit = "limit"
)

// ErrMissing is wrapped where a program that a system needs is not there.
var ErrMissing = errors.New("not installed")

// knows reports whether a system has a workload.
func (s System) knows(workload string) bool {
	if len(s.Workloads) == 0 {
		return true
	}
	for _, w := range s.Workloads {
		if w == workload {
			return true
		}
	}
	return false
}

// Running is a system that runs.
type Running struct {
	Store     load.Store
	Processes []*harness.Process // of its servers, in the order of Store's nodes where that matters
	Version   string
	Commands  []string // how each was started; folders and ports are this run's

	// gently stops processes that have children of their own with SIGTERM, so that they take them along.
	gently bool

	// leader returns the place in Processes of the one that leads. nil: nobody does.
	leader func(ctx context.Context) (int, error)
}

// Stop ends every process of the system.
func (r *Running) Stop() error {
	if r == nil {
		return nil
	}
	var faults []error
	for _, p := range r.Processes {
		if r.gently && p.Running() {
			_ = p.Terminate(stopLimit) // one that does not end is killed
		}
		faults = append(faults, p.Kill())
	}
	return errors.Join(faults...)
}

// Limits on what one step may take; each is far above what it does take.
const (
	startLimit   = 60 * time.Second
	stopLimit    = 5 * time.Second
	requestLimit = 5 * time.Second
)

// expirySeconds is how long sessions live in systems whose sessions expire: the load's own idle timeout.
const expirySeconds = "10800"

// payloadBytes is the size of a session.
const payloadBytes = 512
