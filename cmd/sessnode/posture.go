package main

import (
	"context"
	"log/slog"

	"github.com/sessnode/sessnode/internal/config"
)

// posture says who may speak to this node. It is printed at every start, because the way in which stores like this one get
// robbed is a port that somebody believed to be closed.
func posture(log *slog.Logger, c config.Config, apiKeys int, hasClusterKey bool) {
	peers, api := "cluster key", "API keys"
	if !hasClusterKey {
		peers = "open: any peer that reaches the port"
	}
	if apiKeys == 0 {
		api = "open: anyone who reaches the port is an operator"
	}
	reach := "this host only"
	if c.Reachable() {
		reach = "other hosts"
	}
	level := slog.LevelInfo
	if c.Reachable() && (!hasClusterKey || apiKeys == 0) {
		level = slog.LevelWarn
	}
	args := []any{"reachable_from", reach, "peers", peers, "http", api, "keys", apiKeys, "transport", transport(c)}
	if level == slog.LevelWarn {
		args = append(args, "try", "--cluster-key-file and --api-keys-file instead of --insecure")
	}
	log.Log(context.Background(), level, "security", args...)
}
