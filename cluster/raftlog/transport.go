package raftlog

import (
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// rpcTimeout bounds a message and its answer. It must exceed the longest healthy disk write of a follower, as heartbeats wait for
// it too; for a snapshot raft multiplies it by its size in units of 256 KiB.
const rpcTimeout = 5 * time.Second

// serialTransport routes heartbeats through Raft's main loop, by not letting Raft install its shortcut. On the shortcut a heartbeat
// changes the term while the main loop appends, and an old leader can stamp its own entry with the new leader's term: divergence
// (hashicorp/raft#695). The price is that a slow disk write of a follower delays its answer to heartbeats; the gain, that a
// follower with a dead disk no longer looks healthy.
type serialTransport struct{ *raft.NetworkTransport }

var (
	_ raft.Transport   = serialTransport{}
	_ raft.WithPreVote = serialTransport{} // promoted: without it pre-votes would silently be off
	_ raft.WithPreVote = (*Transport)(nil) // the same
	_ raft.WithClose   = (*Transport)(nil) // Raft closes it on Shutdown
)

// SetHeartbeatHandler does nothing, on purpose: hashicorp/raft's in-memory transport does the same.
func (serialTransport) SetHeartbeatHandler(func(raft.RPC)) {}

// NewTransport makes Raft's transport over a stream layer. addresses, which may be nil, finds the present address of a server id.
//
// One request in flight for each follower: with more, a follower that refuses an append once is cut off from the log until the leader
// restarts (hashicorp/raft#612, grafana/pyroscope#5518).
func NewTransport(layer raft.StreamLayer, addresses raft.ServerAddressProvider, logger hclog.Logger) *Transport {
	return &Transport{serialTransport: serialTransport{newNetworkTransport(layer, addresses, logger)}, lanes: make(map[raft.ServerID]*lane)}
}

// newNetworkTransport is the library's, with everything but the shortcut.
func newNetworkTransport(layer raft.StreamLayer, addresses raft.ServerAddressProvider, logger hclog.Logger) *raft.NetworkTransport {
	return raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: layer, ServerAddressProvider: addresses, Logger: logger,
		MaxPool: 3, MaxRPCsInFlight: 1, Timeout: rpcTimeout, MsgpackUseNewTimeFormat: true,
	})
}
