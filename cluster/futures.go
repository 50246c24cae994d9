package cluster

import (
	"context"
	"errors"

	"github.com/hashicorp/raft"
)

// futures waits for Raft's futures, which know no context. A future whose entry was committed but not yet applied when Raft
// shut down is never answered (hashicorp/raft v1.7.3, runFSM), so the end of Raft ends the wait too.
type futures struct {
	down chan struct{} // closed once Raft has shut down
}

// wait returns the future's error, the context's, or raft.ErrRaftShutdown, whose fate is unknown.
func (w futures) wait(ctx context.Context, f raft.Future) error {
	result := make(chan error, 1)
	go func() { result <- f.Error() }() // ends with the future; see above for the one that never does
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-w.down:
	}
	select {
	case err := <-result:
		return err
	default:
		return errors.Join(raft.ErrRaftShutdown, errors.New("and the change was not answered"))
	}
}
