package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/sessnode/sessnode/internal/drill/puppet"
)

// tieToDrill ties the node to the drill that started it, if one did: its network, disk and clock are then the drill's. Off loopback that is
// refused, since nobody drills there with a switch on the same machine.
func tieToDrill(ctx context.Context, log *slog.Logger, s settings) (*puppet.Puppet, error) {
	socket := os.Getenv(puppet.Socket)
	if socket == "" {
		return nil, nil
	}
	if s.Reachable() {
		return nil, &problem{what: "a drill may not hurt a node that other hosts reach", why: puppet.Socket + " is set for a node that listens beyond loopback",
			try: "unset " + puppet.Socket, exit: exitUsage}
	}
	p, err := puppet.Attach(ctx, socket, s.Name, log, func() { os.Exit(exitUnavailable) })
	if err != nil {
		return nil, &problem{what: err.Error(), why: puppet.Socket + " names the switch of a drill that is gone", try: "unset " + puppet.Socket, exit: exitUnavailable, err: err}
	}
	log.Warn("this node belongs to a drill, which may hurt its network, disk and clock", "switch", socket)
	return p, nil
}
