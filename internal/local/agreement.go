package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sessnode/sessnode"
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

// AgreeInPassing waits until all nodes were seen at one applied index, at whatever moment each, and returns that index with the state
// hash that all had there. Others may write meanwhile. It returns ErrDiffer as soon as two had different hashes at one index.
func (c *Cluster) AgreeInPassing(ctx context.Context, limit time.Duration) (agreed sessnode.Status, err error) {
	seen, differ := sightings{}, error(nil)
	err = Await(ctx, limit, "one applied index at which all nodes were seen", func(ctx context.Context) error {
		for _, s := range c.Statuses(ctx) {
			if s.Err != nil || s.StateHash == "" {
				continue
			}
			if differ = seen.add(s); differ != nil {
				return nil
			}
			if len(seen[s.Applied]) == len(c.Nodes) {
				agreed = s.Status
				return nil
			}
		}
		return errors.New("they were not seen at the same place yet")
	})
	return agreed, errors.Join(differ, err)
}

// sightings are the state hashes that nodes had, by applied index and node.
type sightings map[uint64]map[string]string

// add enters one, and returns ErrDiffer where another node had another hash at that index.
func (s sightings) add(n NodeStatus) error {
	at := s[n.Applied]
	if at == nil {
		at = map[string]string{}
		s[n.Applied] = at
	}
	for name, hash := range at {
		if hash != n.StateHash {
			return fmt.Errorf("%w: at %d %s has state %.8s, %s %.8s", ErrDiffer, n.Applied, name, hash, n.Of.Name, n.StateHash)
		}
	}
	at[n.Of.Name] = n.StateHash
	return nil
}
