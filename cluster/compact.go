package cluster

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/hashicorp/raft"
)

// Raft counts entries, and ours are batches of up to 512 KiB: its own limits would keep gigabytes. So Raft never takes a
// snapshot by itself, and what it keeps behind one is set from the size of the entries seen (reference: consul#9609, a
// follower that never catches up because the log is cut while it restores).
const (
	compactEvery = time.Second

	trailingLeast = 256
	trailingMost  = 65536
	neverByCount  = 1 << 40
)

// compact takes a snapshot when the log since the last one is larger than both Limits.SnapshotLog and half of the state. It
// ends with ctx. Each node draws its own threshold, up to half as much more, so that not all of them write a snapshot at once.
func (n *Node) compact(ctx context.Context) {
	least := n.cfg.Limits.SnapshotLog
	least += rand.N(least/2 + 1)
	ticker := time.NewTicker(compactEvery)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		size := n.replica.logBytes.Load()
		if size < least || !n.cfg.Limits.SnapshotAny && size < n.replica.machine.Stats().Bytes/2 {
			continue
		}
		err := n.Snapshot(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			n.log.Warn("snapshot was not taken; trying again every second", "error", err)
		}
		failing = err != nil
	}
}

// Snapshot takes a snapshot now and cuts the log behind it, whatever their sizes. It is an error where the disk has no room for one.
func (n *Node) Snapshot(ctx context.Context) error {
	if err := n.roomForSnapshot(); err != nil {
		return err
	}
	if entries := n.replica.logEntries.Load(); entries > 0 {
		mean := max(n.replica.logBytes.Load()/entries, 1)
		err := n.tune(func(c *raft.ReloadableConfig) {
			c.TrailingLogs = min(max(n.cfg.Limits.TrailingLog/mean, trailingLeast), trailingMost)
		})
		if err != nil {
			return err
		}
	}
	err := n.futures.wait(ctx, n.raft.Snapshot())
	if errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return nil
	}
	return err
}
