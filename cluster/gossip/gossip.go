package gossip

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

var (
	// ErrForeign means that the other node belongs to another cluster, or to another life of this one.
	ErrForeign = errors.New("gossip: another cluster")

	// ErrKey means that the other node did not understand this one, or the reverse: their cluster keys differ.
	ErrKey = errors.New("gossip: the cluster key differs")
)

// Gossip is this node's part in the conversation. It is safe for concurrent use.
type Gossip struct {
	config Config
	log    *slog.Logger
	list   *memberlist.Memberlist
	table  *table
	addr   string // host:port of this node's gossip
	keys   keys

	stop   context.CancelFunc // ends the rejoin loop
	joined chan struct{}      // closed when the rejoin loop has ended

	refreshing sync.Mutex // memberlist.UpdateNode reads its own state without a lock

	mu      sync.Mutex
	joinErr error
	closed  bool
}

// Start binds, announces this node and returns; the seeds are tried in the background, again and again, so that nodes
// may start in any order. It fails on a faulty Config, an address that cannot be bound or resolved, and metadata that
// cannot be sent. The caller must Close.
func Start(cfg Config) (*Gossip, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	self := cfg.Self()
	meta, err := describe(self)
	if err != nil {
		return nil, err
	}
	conf, err := cfg.memberlistConfig(self.ID)
	if err != nil {
		return nil, err
	}
	ring, err := keyring(cfg.Keys)
	if err != nil {
		return nil, err
	}
	conf.Keyring = ring
	g := &Gossip{keys: keys{ring: ring}, config: cfg, log: cfg.Logger, table: newTable(self, meta), joined: make(chan struct{})}
	d := &delegate{table: g.table, log: cfg.Logger}
	conf.Delegate, conf.Events, conf.Alive, conf.Merge, conf.Conflict = d, d, d, d, d
	conf.Logger = log.New(logWriter{cfg.Logger}, "", 0)
	if g.list, err = memberlist.Create(conf); err != nil {
		return nil, fmt.Errorf("gossip: %w", err)
	}
	g.addr = g.list.LocalNode().Address() // now, because memberlist may rewrite the node under a later reader
	var ctx context.Context
	ctx, g.stop = context.WithCancel(context.Background())
	go g.rejoin(ctx) // stopped and awaited by Close
	return g, nil
}

// describe checks and encodes what a node says about itself.
func describe(self Member) ([]byte, error) {
	if err := self.sound(); err != nil {
		return nil, fmt.Errorf("gossip: this node's own metadata: %w", err)
	}
	return encodeMeta(self)
}

// Addr returns the host:port that other nodes use for gossip with this one.
func (g *Gossip) Addr() string { return g.addr }

// Members returns all nodes known here, ordered by id: this one, the living and, for a day, the dead. Nodes that are
// foreign to this one are left out. The result is the caller's.
func (g *Gossip) Members() []Member { return g.table.members() }

// Changes returns a channel that is closed at the next change of Members. Take it before reading Members, and a new one
// after it closed: so nothing is missed, and any number of readers may wait.
func (g *Gossip) Changes() <-chan struct{} { return g.table.changes() }

// Refresh asks Self again and tells the others if anything is new. It does not wait for them. An error means that the
// new description cannot be sent, and that the old one stays.
func (g *Gossip) Refresh() error {
	g.refreshing.Lock()
	defer g.refreshing.Unlock()
	self := g.config.Self()
	if id := g.table.selfMember().ID; self.ID != id {
		return fmt.Errorf("gossip: this node's id changed from %s to %s", id, self.ID)
	}
	meta, err := describe(self)
	if err != nil {
		return err
	}
	if !g.table.setSelf(self, meta) || g.isClosed() {
		return nil
	}
	// The broadcast is queued before the wait begins, and push/pull repairs what is lost: no reason to wait for it.
	_ = g.list.UpdateNode(time.Nanosecond)
	return nil
}

// JoinError returns why the last attempt to reach the seeds failed: nil before the first and after a success. It wraps
// ErrKey or ErrForeign where that is the reason.
func (g *Gossip) JoinError() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.joinErr
}

// Close says goodbye, so that the others need not find out, and stops. It changes nothing in Raft. It waits for the
// goodbye and for a join under way until ctx ends, and then returns ctx's error; what is left ends by itself within the
// profile's TCP timeout. A second call returns nil at once.
func (g *Gossip) Close(ctx context.Context) error {
	g.mu.Lock()
	again := g.closed
	g.closed = true
	g.mu.Unlock()
	if again {
		return nil
	}
	g.stop()
	if patience := patience(ctx); patience > 0 {
		if err := g.list.Leave(patience); err != nil {
			g.log.Info("left gossip without being heard", "error", err)
		}
	}
	err := g.list.Shutdown()
	select {
	case <-g.joined:
		return err
	case <-ctx.Done():
		return errors.Join(err, ctx.Err())
	}
}

// patience is how long a goodbye may take: a second is many gossip rounds.
func patience(ctx context.Context) time.Duration {
	most := time.Second
	if deadline, ok := ctx.Deadline(); ok {
		most = min(most, time.Until(deadline)/2)
	}
	if ctx.Err() != nil {
		return 0
	}
	return most
}

func (g *Gossip) isClosed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}
