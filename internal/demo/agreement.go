package demo

import (
	"errors"
	"fmt"
)

// errDiffer means that two replicas have applied the same entries and do not hold the same state.
var errDiffer = errors.New("the replicas differ")

// errNotRunning is the status of a node whose process was killed, paused or has ended.
var errNotRunning = errors.New("does not run")

// agreement returns nil if all nodes have applied the same entries and hold the same state, else what they differ in.
func agreement(all []NodeStatus) error {
	for _, s := range all {
		first := all[0]
		switch {
		case s.Err != nil:
			return fmt.Errorf("%s: %w", s.node.Name, s.Err)
		case s.StateHash == "":
			return fmt.Errorf("%s gives no state hash", s.node.Name)
		case s.Applied != first.Applied:
			return fmt.Errorf("%s has applied %d, %s %d", first.node.Name, first.Applied, s.node.Name, s.Applied)
		case s.StateHash != first.StateHash:
			return fmt.Errorf("%w: at %d %s has state %.8s, %s %.8s", errDiffer, s.Applied, first.node.Name, first.StateHash, s.node.Name, s.StateHash)
		}
	}
	return nil
}
