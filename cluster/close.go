package cluster

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/raft"
)

// Drain makes the node leave its work to the others, before Close: it is not ready any more, hands leadership over if it has
// it (at most 3 s), and waits for the requests under way until ctx ends. It does not leave the cluster.
func (n *Node) Drain(ctx context.Context) error {
	n.life.mu.Lock()
	n.life.draining = true
	n.life.mu.Unlock()
	if _, isLeader := n.leading(); isLeader && !n.handOver(ctx, "") {
		n.log.Warn("stopping without a successor: the others elect one")
	}
	return n.life.refuseNew(ctx)
}

// Close stops the node and waits for all that it started. Requests under way are given until ctx ends, and then broken off.
// The node does not leave the cluster: it can be opened again on the same data directory.
func (n *Node) Close(ctx context.Context) error {
	err := n.life.refuseNew(ctx)
	if n.stopTouches != nil {
		n.stopTouches()
		n.touching.Wait() // bounded by its own deadlines
	}
	n.cancel()
	return errors.Join(err, n.join.leave(ctx), n.release())
}

// release lets go of all that was opened, network first.
func (n *Node) release() error {
	var errs []error
	if n.raft != nil {
		errs = append(errs, n.shut())
	}
	if n.port != nil {
		errs = append(errs, n.port.Close())
	}
	n.life.end()
	n.work.Wait()
	if n.snapshots != nil {
		n.snapshots.Close()
	}
	if n.store != nil {
		errs = append(errs, n.store.Close())
	}
	if n.dir != nil {
		errs = append(errs, n.dir.Close())
	}
	return errors.Join(errs...)
}

// raftPatience is how long Raft may take to stop. Its main loop can hang in a disk write for ever (hashicorp/raft#503).
const raftPatience = 15 * time.Second

// shut stops Raft and ends all waits for its futures. Every call waits for the same end.
func (n *Node) shut() error {
	n.shutting.Do(func() {
		down := n.raft.Shutdown()
		ended := make(chan error, 1)
		go func() { ended <- down.Error() }() // ends with Raft
		select {
		case n.shutErr = <-ended:
		case <-time.After(raftPatience):
			n.shutErr = raft.ErrRaftShutdown
		}
		close(n.futures.down)
	})
	return n.shutErr
}
