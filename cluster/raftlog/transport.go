package raftlog

import (
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// serialTransport routes heartbeats through Raft's main loop, by not letting Raft install its shortcut. On the shortcut a heartbeat
// changes the term while the main loop appends, and an old leader can stamp its own entry with the new leader's term: divergence
// (hashicorp/raft#695). The price is that a slow disk write of a follower delays its answer to heartbeats.
type serialTransport struct{ *raft.NetworkTransport }

// SetHeartbeatHandler does nothing, on purpose.
func (serialTransport) SetHeartbeatHandler(func(raft.RPC)) {}

// NewTransport makes Raft's transport over a stream layer. addresses, which may be nil, finds the present address of a server id.
//
// One request in flight for each follower: with more, a follower that refuses an append once is cut off from the log until the leader
// restarts (hashicorp/raft#612).
func NewTransport(layer raft.StreamLayer, addresses raft.ServerAddressProvider, logger hclog.Logger) raft.Transport {
	return serialTransport{raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: layer, ServerAddressProvider: addresses, Logger: logger,
		MaxPool: 3, MaxRPCsInFlight: 1, Timeout: 5 * time.Second, MsgpackUseNewTimeFormat: true,
	})}
}
