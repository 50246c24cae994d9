package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/internal/keyring"
)

// followKeys puts the cluster keys in force that appear in the node's file, until ctx ends. A node without one follows nothing.
func followKeys(ctx context.Context, log *slog.Logger, s settings, node *cluster.Node) {
	if s.Security.ClusterKeyFile == "" {
		return
	}
	ticker := time.NewTicker(keyring.LookEvery)
	defer ticker.Stop()
	f := keyring.Follower{
		Path: s.Security.ClusterKeyFile, InUse: s.clusterKeys, Log: log,
		Use: func(ring keyring.Ring) error { return node.SetKeys(ring) }, Fault: node.SayKeyFile,
	}
	f.Run(ctx, ticker.C)
}
