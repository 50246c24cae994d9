package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/sessnode/sessnode/cluster/gossip"
)

// ErrPledged means that the node cannot join another cluster: it is pledged to one that may be founded at any moment.
var ErrPledged = errors.New("bootstrap: pledged to another cluster")

// Caller reaches a node at an address of Raft and RPC. The method is the one under which the receiver calls HandlePledge.
type Caller interface {
	Call(ctx context.Context, addr string, method uint8, body []byte) ([]byte, error)
}

// Config says how a node takes part. New validates it.
type Config struct {
	Expect int   // how many fresh nodes found a cluster: 1, 3 or 5; 0 = never found, only join
	Method uint8 // the RPC method of pledges

	// View is asked at every step and request. It must not call back into the Machine.
	View func() View

	// Record is what Persist last wrote; nil = nothing. A proposal once held stays on disk after the founding.
	Record *Record

	// Persist makes the record durable (written and synced) before it returns; nil = hold nothing. After an error either
	// the old or the new one may be on disk.
	Persist func(*Record) error

	// Found bootstraps Raft on this node only, with the proposal's members as voters, and records its cluster id and
	// generation. It is repeated after an error or a crash until View shows the cluster: it must be idempotent, also
	// where raft.BootstrapCluster stopped between its two writes (term 1, empty log).
	Found func(ctx context.Context, p Proposal) error

	Caller      Caller
	Changes     func() <-chan struct{} // closed when View may have changed; nil = only every Interval
	Interval    time.Duration          // between steps; default 500 ms
	CallTimeout time.Duration          // of one call; default 2 s
	NewCluster  func() string          // makes a cluster id nobody ever had; nil = 128 random bits in hex
	Logger      *slog.Logger           // nil = slog.Default()
}

// Validate reports every fault at once.
func (c Config) Validate() error {
	var faults []error
	if c.Expect != 0 && !validExpect(c.Expect) {
		faults = append(faults, fmt.Errorf("bootstrap: expect is %d, allowed are 1, 3 or 5 (0 = only join)", c.Expect))
	}
	if c.View == nil || c.Persist == nil || c.Found == nil || c.Caller == nil {
		faults = append(faults, errors.New("bootstrap: View, Persist, Found and Caller are needed"))
	}
	return errors.Join(faults...)
}

// Machine is one node's part in founding a cluster. Its methods are safe for concurrent use, but Step and Run belong to
// one goroutine.
type Machine struct {
	config Config
	log    *slog.Logger

	mu        sync.Mutex
	record    *Record
	withdrawn bool   // the node is about to join a cluster: nothing is pledged any more
	status    string // for people
}

// New resumes from config.Record. It does no I/O.
func New(config Config) (*Machine, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if config.Interval <= 0 {
		config.Interval = 500 * time.Millisecond
	}
	if config.CallTimeout <= 0 {
		config.CallTimeout = 2 * time.Second
	}
	if config.NewCluster == nil {
		config.NewCluster = newCluster
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	return &Machine{config: config, log: config.Logger, record: config.Record, status: "starting"}, nil
}

// Status says in a few words what the node waits for.
func (m *Machine) Status() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status
}

// Run steps until the node is in a cluster or takes no part, and then returns nil, or until ctx ends. Errors of single
// steps are logged where they are new, and tried again. HandlePledge must be served meanwhile and ever after.
func (m *Machine) Run(ctx context.Context) error {
	logged := ""
	ticker := time.NewTicker(m.config.Interval)
	defer ticker.Stop()
	for {
		var changed <-chan struct{} // nil blocks for ever
		if m.config.Changes != nil {
			changed = m.config.Changes()
		}
		finished, err := m.Step(ctx)
		if finished {
			return nil
		}
		if err != nil && err.Error() != logged && ctx.Err() == nil {
			logged = err.Error()
			m.log.Warn("bootstrap step failed and will be repeated", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-ticker.C:
		}
	}
}

// Step decides once and acts on it. It reports whether there is nothing left to do.
func (m *Machine) Step(ctx context.Context) (finished bool, err error) {
	v := m.config.View()
	m.mu.Lock()
	d := decide(m.config.Expect, v, m.record)
	if d.act != collect { // collect has something more precise to say
		m.note(d.reason)
	}
	if d.act == propose {
		err = m.hold(&Record{Proposal: Proposal{Cluster: m.config.NewCluster(), Generation: FirstGeneration, Members: d.peers}})
		if err == nil {
			d.act = collect
		}
	}
	r := m.record
	m.mu.Unlock()
	if err != nil {
		return false, err
	}
	switch d.act {
	case done:
		return true, nil
	case collect:
		return false, m.collect(ctx, r.Proposal)
	case check:
		return false, m.check(ctx, v.Others, r.Proposal)
	case found:
		return false, m.config.Found(ctx, r.Proposal)
	}
	return false, nil
}

// hold makes r the record, on disk first. The caller holds mu.
func (m *Machine) hold(r *Record) error {
	if m.withdrawn {
		return errors.New("bootstrap: this node is joining a cluster")
	}
	if err := m.config.Persist(r); err != nil {
		return fmt.Errorf("bootstrap: write the pledge: %w", err)
	}
	m.record = r
	return nil
}

// note keeps the status and logs it when it is new. The caller holds mu.
func (m *Machine) note(status string) {
	if m.status != status {
		m.status = status
		m.log.Info("bootstrap", "status", status)
	}
}

// collect asks the members one after another, gives up at the first that does not agree, and founds if all do. Pledges
// are durable, so the next step asks again from the start and loses nothing.
func (m *Machine) collect(ctx context.Context, p Proposal) error {
	self := p.Coordinator().ID
	for _, peer := range p.Members {
		if peer.ID == self {
			continue
		}
		a, err := m.ask(ctx, request{askPledge, peer.ID, p}, peer.Addr)
		if err == nil && a.verdict == held {
			continue
		}
		reason := a.reason
		if err != nil {
			reason = "no answer"
		}
		m.mu.Lock()
		m.note("node " + peer.ID + " does not pledge: " + reason)
		m.mu.Unlock()
		return err
	}
	m.mu.Lock()
	if !m.record.holds(p) { // it gave way to another meanwhile
		m.mu.Unlock()
		return nil
	}
	err := m.hold(&Record{Proposal: p, Complete: true})
	m.mu.Unlock()
	if err != nil {
		return err
	}
	m.log.Info("founding the cluster", "cluster", p.Cluster, "members", len(p.Members))
	return m.config.Found(ctx, p)
}

// check lets go of p if its coordinator has. The coordinator may have moved since.
func (m *Machine) check(ctx context.Context, others []gossip.Member, p Proposal) error {
	coordinator := p.Coordinator()
	for _, o := range others {
		if o.ID == coordinator.ID && o.NodeAddr != "" {
			coordinator.Addr = o.NodeAddr
		}
	}
	a, err := m.ask(ctx, request{askHeld, coordinator.ID, p}, coordinator.Addr)
	if err != nil {
		return err
	}
	if a.verdict != dropped {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.record.holds(p) || m.withdrawn {
		return nil
	}
	m.note("released by " + coordinator.ID)
	return m.hold(nil)
}

// ask sends q and makes sure that the right node answered.
func (m *Machine) ask(ctx context.Context, q request, addr string) (answer, error) {
	body, err := q.encode()
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, m.config.CallTimeout)
	defer cancel()
	reply, err := m.config.Caller.Call(ctx, addr, m.config.Method, body)
	if err != nil {
		return answer{}, fmt.Errorf("bootstrap: ask node %s: %w", q.to, err)
	}
	a, err := decodeAnswer(reply)
	if err == nil && a.from != q.to {
		err = fmt.Errorf("bootstrap: node %s answers at the address of %s", a.from, q.to)
	}
	return a, err
}
