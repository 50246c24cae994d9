package local

import (
	"errors"
	"fmt"
)

// ErrDiffer means that two replicas have applied the same entries and do not hold the same state.
var ErrDiffer = errors.New("the replicas differ")

// ErrNotRunning is the status of a node whose process was killed, paused or has ended.
var ErrNotRunning = errors.New("does not run")

// Agreement returns nil if all nodes have applied the same entries and hold the same state, else what they differ in.
func Agreement(all []NodeStatus) error {
	for _, s := range all {
		first := all[0]
		switch {
		case s.Err != nil:
			return fmt.Errorf("%s: %w", s.Of.Name, s.Err)
		case s.StateHash == "":
			return fmt.Errorf("%s gives no state hash", s.Of.Name)
		case s.Applied != first.Applied:
			return fmt.Errorf("%s has applied %d, %s %d", first.Of.Name, first.Applied, s.Of.Name, s.Applied)
		case s.StateHash != first.StateHash:
			return fmt.Errorf("%w: at %d %s has state %.8s, %s %.8s", ErrDiffer, s.Applied, first.Of.Name, first.StateHash, s.Of.Name, s.StateHash)
		}
	}
	return nil
}
