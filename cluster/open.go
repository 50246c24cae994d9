package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/bootstrap"
	"github.com/sessnode/sessnode/cluster/clock"
	"github.com/sessnode/sessnode/cluster/nodeport"
	"github.com/sessnode/sessnode/cluster/raftlog"
	"github.com/sessnode/sessnode/fsm"
	"github.com/sessnode/sessnode/internal/keyring"
)

const (
	maxAppendEntries = 16 // keeps an RPC below 8 MiB
	snapshotsKept    = 2
)

// Open starts a node: it opens the data directory, restores the state, joins the conversation of its peers and returns.
// Ready says when it can serve. ctx bounds the start only. The error says what to do where an operator has to act. The
// caller must Close the node.
func Open(ctx context.Context, cfg Config) (*Node, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	n := newNode(cfg.withDefaults())
	err := n.open(ctx)
	close(n.opened)
	if err != nil {
		n.cancel()
		// What led here is what the operator needs to know.
		_ = n.join.leave(ctx)
		_ = n.release()
		return nil, err
	}
	return n, nil
}

func newNode(cfg Config) *Node {
	n := &Node{cfg: cfg, log: cfg.Logger, clock: cfg.Seams.Clock, peers: newPeers(), futures: futures{down: make(chan struct{})}}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	n.keys.say(cfg.Security.Keys)
	n.strain = newStrain(cfg.Profile.Heartbeat)
	n.gate = gate{maxOps: cfg.Limits.PendingOps, maxBytes: cfg.Limits.PendingBytes}
	n.outbox, n.touches = newQueue(), newTouches()
	n.suspicion.wake = make(chan struct{}, 1)
	n.join.begun, n.opened = make(chan struct{}, 1), make(chan struct{})
	n.asker.nonce.Store(rand.Uint64())
	n.asker.set.Store(true)
	n.asker.alarm = time.AfterFunc(n.roundTime(), n.overdue)
	n.livelock.OnFailure = n.fail
	n.replica = &replica{ctx: n.ctx, dir: cfg.DataDir, installed: n.livelock.Installed, machine: fsm.New(), estimate: clock.NewEstimate(n.clock), fail: n.fail, mismatch: n.suspect,
		begun: func() { poke(n.join.begun) }, tamper: cfg.Seams.Tamper}
	return n
}

// open brings the parts up from the disk to the network. What was opened is released by release, also after an error.
func (n *Node) open(ctx context.Context) error {
	if err := n.openStorage(); err != nil {
		return err
	}
	if err := n.openPort(ctx); err != nil {
		return err
	}
	notify := make(chan bool, 16)
	observed, err := n.openRaft(notify)
	if err != nil {
		return err
	}
	if err := n.openJoin(); err != nil {
		return err
	}
	n.start(notify, observed)
	return nil
}

// start begins the node's work, when all that it works with is there.
func (n *Node) start(notify <-chan bool, observed <-chan struct{}) {
	n.handle()
	n.work.Go(func() { n.watchOffice(n.ctx, notify) })
	n.work.Go(func() { n.watchLeader(n.ctx, observed) })
	n.work.Go(func() { n.watchSuspicion(n.ctx) })
	n.work.Go(func() { n.keepPatience(n.ctx) })
	n.work.Go(func() { n.watchState(n.ctx) })
	n.work.Go(func() { n.forwardAll(n.ctx) })
	n.work.Go(func() { n.settleAll(n.ctx) })
	n.work.Go(func() { n.compact(n.ctx) })
	n.work.Go(func() { n.watchDisk(n.ctx) })
	touching, stop := context.WithCancel(n.ctx)
	n.stopTouches = stop
	n.touching.Go(func() { n.sendTouches(touching) })
	n.work.Go(func() {
		if err := n.port.Serve(); err != nil {
			n.fail(fmt.Errorf("node port: %w", err))
		}
	})
	n.startJoin()
}

func (n *Node) openStorage() error {
	var err error
	if n.dir, err = raftlog.OpenDirAs(n.cfg.DataDir, n.cfg.Name, n.cfg.LogStore); err != nil {
		return err
	}
	n.id = n.dir.NodeID()
	n.log = n.log.With("node", n.id)
	if n.identity, err = openIdentity(n.dir); err != nil {
		return err
	}
	n.store, err = raftlog.OpenLog(n.dir, raftlog.Options{
		StallTimeout: n.cfg.Limits.StallTimeout,
		OnFailure:    n.fail,
		Wrap:         func(b raftlog.Backend) raftlog.Backend { return noticing{n.cfg.Seams.WrapLog(b), &n.livelock} },
	})
	if err != nil {
		return err
	}
	return n.mendFounding()
}

// mendFounding finishes a founding that was cut off between the two writes of raft.BootstrapCluster: the term is there and
// the first entry is not, which the library takes for a cluster that exists.
func (n *Node) mendFounding() error {
	held := n.identity.held()
	if held == nil || !held.Complete || held.Proposal.Coordinator().ID != n.id || n.dir.Cluster() != "" {
		return nil // also a node of a cluster whose log is empty because it was recovered
	}
	last, err := n.store.LastIndex()
	if err != nil || last > 0 {
		return err
	}
	term, err := n.store.GetUint64([]byte("CurrentTerm"))
	if err != nil || term == 0 {
		return nil // an absent key is an error too: nothing was written yet
	}
	return n.store.StoreLog(&raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(configurationOf(held.Proposal))})
}

// configurationOf returns a new cluster's first configuration: all members vote.
func configurationOf(p bootstrap.Proposal) raft.Configuration {
	var c raft.Configuration
	for _, m := range p.Members {
		c.Servers = append(c.Servers, raft.Server{ID: raft.ServerID(m.ID), Address: raft.ServerAddress(m.Addr), Suffrage: raft.Voter})
	}
	return c
}

func (n *Node) openPort(ctx context.Context) error {
	ln := n.cfg.Seams.Listener
	if ln == nil {
		var err error
		if ln, err = new(net.ListenConfig).Listen(ctx, "tcp", n.cfg.Addresses.Node); err != nil {
			return fmt.Errorf("node port: %w", err)
		}
	}
	keys, err := keyring.Ring(n.cfg.Security.Keys).Derive(keyring.ForNodePort)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	n.port = nodeport.New(ln, nodeport.Config{
		Keys: keys, Advertise: n.cfg.Addresses.AdvertiseNode, Dial: n.cfg.Seams.Dial, Logger: n.log, TLS: n.cfg.Security.TLS,
		Identity: func() nodeport.Identity {
			return nodeport.Identity{NodeID: n.id, Cluster: n.dir.Cluster(), Generation: n.dir.Generation()}
		},
	})
	return nil
}

// openRaft starts Raft, which restores the last snapshot first. observed gets a token when Raft's leader may have changed.
func (n *Node) openRaft(notify chan<- bool) (observed <-chan struct{}, err error) {
	logger := raftlog.NewLogger(n.log)
	conf := raft.DefaultConfig()
	conf.LocalID = raft.ServerID(n.id)
	conf.HeartbeatTimeout, conf.ElectionTimeout, conf.LeaderLeaseTimeout = n.cfg.Profile.Heartbeat, n.cfg.Profile.Election, n.cfg.Profile.Lease
	conf.MaxAppendEntries = maxAppendEntries
	conf.SnapshotThreshold = neverByCount // by bytes, see compact.go
	conf.TrailingLogs = trailingMost
	conf.NotifyCh = notify
	conf.Logger = logger
	conf.NoLegacyTelemetry = true
	n.snapshots, err = raftlog.OpenSnapshots(n.dir, snapshotsKept, logger)
	if err != nil {
		return nil, fmt.Errorf("snapshots: %w", err)
	}
	if err := n.checkSnapshot(); err != nil {
		return nil, err
	}
	between := raftlog.NewTransport(n.port.RaftLayer(), n.peers, logger)
	transport := newHeartbeats(between, n.strain, n.cfg.Profile)
	n.nudges = nudges{transport: transport, flying: map[string]uint64{}}
	log := between.Log(newRecentLog(n.store, recentBytes), n.replica.progress.index.Load)
	if n.raft, err = raft.NewRaft(conf, n.replica, log, n.store, n.snapshots, transport); err != nil {
		return nil, fmt.Errorf("raft: %w", err)
	}
	changes := make(chan struct{}, 1)
	n.raft.RegisterObserver(raft.NewObserver(nil, false, func(o *raft.Observation) bool {
		if _, isLeader := o.Data.(raft.LeaderObservation); isLeader {
			poke(changes) // the filter runs on Raft's goroutine and does not block; nothing is sent
		}
		return false
	}))
	return changes, nil
}

// handle serves the calls of other nodes.
func (n *Node) handle() {
	n.port.HandleAtOnce(methodAsk, n.handleAsk)
	n.port.Handle(methodForward, n.handleForward)
	n.port.Handle(methodHash, n.handleHash)
	n.port.Handle(methodTransfer, n.handleTransfer)
	n.port.Handle(methodRemove, n.handleRemove)
	n.port.Handle(methodPledge, n.handlePledge)
}

// checkSnapshot refuses a newest snapshot that cannot be read. Raft would fall back on an older one, behind which the log was cut already,
// and panic.
func (n *Node) checkSnapshot() error {
	list, err := n.snapshots.List()
	if err != nil || len(list) == 0 {
		return err
	}
	_, content, err := n.snapshots.Open(list[0].ID) // reads it whole, and compares its checksum
	if err != nil {
		return fmt.Errorf("%w: %s: %w. Move the data directory away and start with an empty one: the node joins again under a new id and gets everything from the others",
			raftlog.ErrDamaged, filepath.Join(n.dir.Path(), "snapshots", list[0].ID), err)
	}
	return content.Close()
}
