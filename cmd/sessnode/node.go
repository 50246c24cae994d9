package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/raftlog"
)

// openNode starts the node behind the HTTP API. httpAddr is what other nodes are told about the API.
func openNode(ctx context.Context, log *slog.Logger, s settings, version, httpAddr string, fail func(error)) (*cluster.Node, error) {
	c := cluster.DefaultConfig()
	c.Name, c.DataDir, c.Version = s.Name, s.Data, version
	c.Addresses = cluster.Addresses{Node: s.Listen.Node, Gossip: s.Listen.Gossip, HTTP: httpAddr}
	if s.Listen.AdvertiseHost != "" {
		c.Addresses.AdvertiseNode = s.Listen.Advertised(s.Listen.Node)
		c.Addresses.AdvertiseGossip = s.Listen.Advertised(s.Listen.Gossip)
	}
	c.Security.Keys, c.Security.TLS = s.clusterKeys, s.peer
	if s.Cluster.Profile == "fast" {
		c.Profile = cluster.FastProfile()
	}
	var err error
	if c.LogStore, err = raftlog.ParseKind(s.LogStore); err != nil {
		return nil, err
	}
	c.Seams.ClockOffset = s.Cluster.ClockOffset
	if s.Limits.SnapshotLog != 0 {
		c.Limits.SnapshotLog, c.Limits.TrailingLog, c.Limits.SnapshotAny = s.Limits.SnapshotLog, s.Limits.SnapshotLog, true
	}
	c.Limits.StallTimeout, c.Limits.MinFree = s.Limits.StallTimeout, s.Limits.MinFree
	c.Expect, c.Seeds, c.Budget = s.Cluster.Expect, s.Cluster.Seeds, s.budget()
	c.Logger, c.OnFailure = log, fail
	if err := probeGossip(ctx, s.Listen.Gossip); err != nil {
		return nil, err
	}
	if s.puppet != nil {
		if err := s.puppet.Seams(ctx, &c.Seams, s.Listen.Gossip); err != nil {
			return nil, err
		}
	}
	node, err := cluster.Open(ctx, c)
	return node, explainOpen(err)
}

// probeGossip listens on the gossip port for a moment. memberlist reports a port in use as text without its cause, and only
// after the data directory was opened.
func probeGossip(ctx context.Context, addr string) error {
	var lc net.ListenConfig
	tcp, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("gossip: %w", err)
	}
	udp, err := lc.ListenPacket(ctx, "udp", addr)
	if err != nil {
		return errors.Join(fmt.Errorf("gossip: %w", err), tcp.Close())
	}
	return errors.Join(udp.Close(), tcp.Close())
}

// explainOpen gives words to what a data directory can be refused for. The error itself names the file.
func explainOpen(err error) error {
	why, try, exit := "", "", exitConflict
	switch {
	case errors.Is(err, raftlog.ErrInUse):
		why, try, exit = "a node still runs on this directory", "stop that process first, or give each node a directory of its own: --data DIR", exitUnavailable
	case errors.Is(err, raftlog.ErrUnfit):
		why, try = "it was made by another node, by another build, or with another --log-store", "check --data, --name and --log-store; nothing was changed"
	case errors.Is(err, raftlog.ErrOtherCluster), errors.Is(err, raftlog.ErrPledged):
		why, try = "the directory belongs to another cluster than the one that is meant", "check --data; or move the directory away, and the node joins as a new one"
	case errors.Is(err, raftlog.ErrLeft):
		why, try = "`sessnode node leave` took it out of its cluster for good", "move the directory away and start with an empty one: the node joins as a new one"
	case errors.Is(err, raftlog.ErrDamaged):
		why, try = "a disk error, a copy that was not whole, or a file changed by hand", "move the directory away and start with an empty one: the node joins as a new one and gets everything from the others"
	default:
		return err
	}
	return &problem{what: err.Error(), why: why, try: try, exit: exit, err: err}
}
