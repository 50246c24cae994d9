package cluster

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/clock"
	"github.com/sessnode/sessnode/cluster/nodeport"
	"github.com/sessnode/sessnode/cluster/raftlog"
)

// Node is one node of the store. Open makes it. All methods are safe for concurrent use.
type Node struct {
	cfg   Config
	log   *slog.Logger
	id    string
	clock clock.Clock

	storage
	raft     *raft.Raft
	futures  futures
	port     *nodeport.Port
	peers    *peers
	replica  *replica
	livelock raftlog.Livelock
	space    space
	join     join

	// What is going on, part by part.
	asker  asker
	nudges nudges
	timing
	traffic   // writes and touches on their way
	following following
	suspicion suspicion
	office    atomic.Pointer[office] // while this node leads
	changed   signal                 // fired when leadership, or what depends on it, has changed
	life      life
	keys      keys

	opened   chan struct{} // closed when Open is done with the fields above
	shutting sync.Once     // of Raft
	shutErr  error

	ctx    context.Context // ends when Close stops the node's work
	cancel context.CancelFunc
	work   sync.WaitGroup // all goroutines of the node
}

// storage is what the node keeps on its disk.
type storage struct {
	dir      *raftlog.Dir
	store    *raftlog.Store
	identity *identity

	snapshots *raftlog.Snapshots
	backing   sync.Mutex // held while a backup is written
}

// traffic is what is on its way to the leader.
type traffic struct {
	gate        gate
	outbox      *queue
	touches     *touches
	stopTouches context.CancelFunc
	touching    sync.WaitGroup
	writes      writeCounts
}

// ID returns the node's id, which was minted with its data directory.
func (n *Node) ID() string { return n.id }

// Addr returns the address of the node port that peers dial.
func (n *Node) Addr() string { return n.port.RaftLayer().Addr().String() }

// Position returns how much of the log this node has applied.
func (n *Node) Position() sessnode.Position {
	at, _ := n.replica.machine.At()
	return at
}
