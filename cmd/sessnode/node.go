package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/sessnode/sessnode/cluster"
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
	c.Security.Key = s.clusterKey
	if s.Cluster.Profile == "fast" {
		c.Profile = cluster.FastProfile()
	}
	c.Seams.ClockOffset = s.Cluster.ClockOffset
	c.Expect, c.Seeds, c.Budget = s.Cluster.Expect, s.Cluster.Seeds, s.budget()
	c.Logger, c.OnFailure = log, fail
	if err := probeGossip(ctx, s.Listen.Gossip); err != nil {
		return nil, err
	}
	node, err := cluster.Open(ctx, c)
	return node, explainOpen(err, s)
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

// explainOpen gives words to what keeps a node from starting and is neither the network's nor the file system's doing: the
// data directory is in use, belongs to somebody else, or is damaged. The error itself names the cure.
func explainOpen(err error, s settings) error {
	var op *net.OpError
	if err == nil || errors.As(err, &op) {
		return err
	}
	if p := explain(err); p.exit != exitFailure {
		return err
	}
	return &problem{what: err.Error(), why: "the data directory " + s.Data + " cannot be used as it is",
		try: "check --data and --name; nothing was changed, and the other nodes hold what this one had acknowledged", exit: exitConflict, err: err}
}
