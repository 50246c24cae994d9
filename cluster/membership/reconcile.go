package membership

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/gossip"
)

// Raft is the leader's own Raft. Every method fails on another node. A change blocks until it is committed or has
// failed; the implementation bounds the time.
type Raft interface {
	// Configuration returns the latest configuration and its index, which guards every change.
	Configuration() (raft.Configuration, uint64, error)
	// AddNonvoter adds a non-voter, or edits the address of a known node. It fails if the configuration is not that of prevIndex.
	AddNonvoter(id raft.ServerID, addr raft.ServerAddress, prevIndex uint64) error
	// AddVoter adds or promotes a voter, or edits its address. It fails if the configuration is not that of prevIndex.
	AddVoter(id raft.ServerID, addr raft.ServerAddress, prevIndex uint64) error
	// RemoveServer takes a node out. It fails if the configuration is not that of prevIndex.
	RemoveServer(id raft.ServerID, prevIndex uint64) error
}

// Gossip is where nodes are seen; *gossip.Gossip is one.
type Gossip interface {
	Members() []gossip.Member
	Changes() <-chan struct{} // closed at the next change
}

var _ Gossip = (*gossip.Gossip)(nil)

// Progress measures how far a node is behind the leader.
type Progress interface {
	// Lag returns by how many log entries the node's state is behind the leader's commit index right now. An error counts
	// as not caught up.
	Lag(ctx context.Context, id raft.ServerID) (uint64, error)
}

// Config says what a Reconciler works on. NewReconciler validates it.
type Config struct {
	Raft     Raft
	Gossip   Gossip
	Progress Progress
	Identity func() (cluster string, generation uint64) // of this node
	Rules    Rules                                      // the zero value is DefaultRules
	Interval time.Duration                              // between looks while nothing changes; default 1 s
	Logger   *slog.Logger                               // nil = slog.Default()
}

// Reconciler is the leader's part. Its methods are safe for concurrent use, but Run belongs to one goroutine.
type Reconciler struct {
	config Config
	log    *slog.Logger

	mu      sync.Mutex
	waiting []Waiting
}

// NewReconciler does no I/O. It reports every fault of config at once.
func NewReconciler(config Config) (*Reconciler, error) {
	if config.Rules == (Rules{}) {
		config.Rules = DefaultRules()
	}
	if config.Interval <= 0 {
		config.Interval = time.Second
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	err := config.Rules.Validate()
	if config.Raft == nil || config.Gossip == nil || config.Progress == nil || config.Identity == nil {
		err = errors.Join(err, errors.New("membership: Raft, Gossip, Progress and Identity are needed"))
	}
	if err != nil {
		return nil, err
	}
	return &Reconciler{config: config, log: config.Logger}, nil
}

// Waiting returns what the last round had to leave as it is, and why. It is empty while Run does not run.
func (r *Reconciler) Waiting() []Waiting {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.waiting)
}

// Run reconciles until ctx ends, and returns ctx's error. Start it when leadership begins and end ctx when it is lost;
// should that come late, Raft refuses the change. Failed changes are logged and tried again.
func (r *Reconciler) Run(ctx context.Context) error {
	defer r.setWaiting(nil)
	track := newTracks()
	ticker := time.NewTicker(r.config.Interval)
	defer ticker.Stop()
	for {
		changed := r.config.Gossip.Changes()
		acted, err := r.round(ctx, track)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.log.Warn("membership change failed and will be tried again", "error", err)
			changed = nil // wait for the ticker: news must not make retries hasty
		} else if acted {
			continue // judge the rest by the new configuration
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-ticker.C:
		}
	}
}

// round looks once and makes at most one change.
func (r *Reconciler) round(ctx context.Context, track tracks) (acted bool, err error) {
	config, index, err := r.config.Raft.Configuration()
	if err != nil {
		return false, fmt.Errorf("membership: read the configuration: %w", err)
	}
	if index == 0 {
		return false, errors.New("membership: configuration without index, and an unguarded change could undo another")
	}
	members := r.config.Gossip.Members()
	r.measure(ctx, track, config, members)
	now := time.Now()
	s := Situation{Config: config, Members: members, CaughtUp: track.caughtUp.lasted(now), Silent: track.silent.lasted(now)}
	s.Cluster, s.Generation = r.config.Identity()
	actions, waiting := Decide(s, r.config.Rules)
	r.setWaiting(waiting)
	if len(actions) == 0 || ctx.Err() != nil {
		return false, nil
	}
	a := actions[0]
	if err := r.act(a, index); err != nil {
		return false, fmt.Errorf("membership: %s node %s: %w", a.Kind, a.ID, err)
	}
	r.log.Info("membership changed", "change", a.Kind.String(), "node", string(a.ID), "addr", string(a.Addr), "voter", a.Voter)
	return true, nil
}

func (r *Reconciler) act(a Action, prevIndex uint64) error {
	switch {
	case a.Kind == Remove:
		return r.config.Raft.RemoveServer(a.ID, prevIndex)
	case a.Voter:
		return r.config.Raft.AddVoter(a.ID, a.Addr, prevIndex)
	}
	return r.config.Raft.AddNonvoter(a.ID, a.Addr, prevIndex)
}

// measure asks the nodes whose state decides something: non-voters that are alive and may vote, and both sides of a
// replacement. Each gets at most an interval to answer.
func (r *Reconciler) measure(ctx context.Context, track tracks, config raft.Configuration, members []gossip.Member) {
	ask := make(map[raft.ServerID]bool)
	for _, m := range members {
		id := raft.ServerID(m.ID)
		isNonvoter := slices.ContainsFunc(config.Servers, func(s raft.Server) bool { return s.ID == id && s.Suffrage != raft.Voter })
		if m.Alive && m.Voter && isNonvoter {
			ask[id] = true
		}
	}
	for old, next := range Succession(config, members) {
		ask[old], ask[next] = true, true
	}
	for id := range ask {
		callCtx, cancel := context.WithTimeout(ctx, r.config.Interval)
		lag, err := r.config.Progress.Lag(callCtx, id)
		cancel()
		track.caughtUp.observe(id, err == nil && lag <= r.config.Rules.MaxLag, time.Now())
		track.silent.observe(id, err != nil, time.Now())
	}
	track.caughtUp.keepOnly(ask)
	track.silent.keepOnly(ask)
}

func (r *Reconciler) setWaiting(waiting []Waiting) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range waiting {
		if !slices.Contains(r.waiting, w) {
			r.log.Info("node waits", "node", string(w.ID), "reason", w.Reason)
		}
	}
	r.waiting = waiting
}
