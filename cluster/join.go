package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/bootstrap"
	"github.com/sessnode/sessnode/cluster/gossip"
	"github.com/sessnode/sessnode/cluster/membership"
	"github.com/sessnode/sessnode/fsm"
	"github.com/sessnode/sessnode/internal/keyring"
)

// refreshEvery is how often a node tells gossip how far it has applied.
const refreshEvery = 5 * time.Second

// join is how a node finds the others: gossip says who exists, bootstrap founds a cluster once, membership adds to one.
type join struct {
	gossip  *gossip.Gossip // nil where the node stays alone
	founder *bootstrap.Machine
	begun   chan struct{} // capacity 1: the state belongs to another generation than before
}

// openJoin prepares what founds or joins a cluster, and starts gossip.
func (n *Node) openJoin() error {
	if n.cfg.Addresses.Gossip != "" {
		if err := n.openGossip(); err != nil {
			return err
		}
	}
	var err error
	n.join.founder, err = bootstrap.New(bootstrap.Config{
		Expect: n.cfg.Expect, Method: uint8(methodPledge), View: n.view, Record: n.identity.held(), Persist: n.identity.hold,
		Found: n.found, Caller: pledgeCaller{n.port}, Changes: n.sightings, Logger: n.log,
	})
	return err
}

// startJoin lets the node look for its cluster.
func (n *Node) startJoin() {
	n.work.Go(func() { _ = n.join.founder.Run(n.ctx) }) // ends when the node is in a cluster, or with ctx
	if n.join.gossip != nil {
		joiner := membership.Joiner{View: n.members, Changes: n.sightings, Adopt: n.adopt, Logger: n.log}
		n.work.Go(func() { _ = joiner.Run(n.ctx) }) // likewise
		n.work.Go(func() { n.followGossip(n.ctx) })
	}
}

func (n *Node) handlePledge(ctx context.Context, _ string, body []byte) ([]byte, error) {
	return n.join.founder.HandlePledge(ctx, body)
}

func (n *Node) openGossip() error {
	keys, err := keyring.Ring(n.cfg.Security.Keys).Derive(keyring.ForGossip)
	if err != nil {
		return err
	}
	profile := gossip.LAN
	if n.cfg.Profile.Heartbeat < DefaultProfile().Heartbeat/2 {
		profile = gossip.Local
	}
	n.join.gossip, err = gossip.Start(gossip.Config{
		BindAddr: n.cfg.Addresses.Gossip, AdvertiseAddr: n.cfg.Addresses.AdvertiseGossip, Seeds: n.cfg.Seeds,
		Transport: n.cfg.Seams.Gossip,
		Keys:      keys, Label: "sessnode", Self: n.self, Profile: profile, Logger: n.log,
	})
	return err
}

// leave says goodbye to gossip. It changes nothing in Raft.
func (j *join) leave(ctx context.Context) error {
	if j.gossip == nil {
		return nil
	}
	return j.gossip.Close(ctx)
}

// self is what this node says about itself.
func (n *Node) self() gossip.Member {
	n.life.mu.Lock()
	leaving := n.life.leaving
	n.life.mu.Unlock()
	keys, bad := n.keys.said()
	return gossip.Member{
		ID: n.id, Name: n.cfg.Name, Cluster: n.dir.Cluster(), Generation: n.dir.Generation(),
		NodeAddr: n.Addr(), HTTPAddr: n.cfg.Addresses.HTTP, Version: n.cfg.Version, MinFormat: fsm.Format, MaxFormat: fsm.Format,
		Voter: true, Fresh: n.dir.Cluster() == "" && n.raft.LastIndex() == 0, Alive: true, Leaving: leaving, Applied: n.replica.progress.index.Load(),
		Keys: keys, KeyFileBad: bad,
	}
}

// members returns this node and the others that gossip knows.
func (n *Node) members() (self gossip.Member, others []gossip.Member) {
	self = n.self()
	if n.join.gossip == nil {
		return self, nil
	}
	others = n.join.gossip.Members()
	return self, slices.DeleteFunc(others, func(m gossip.Member) bool { return m.ID == self.ID })
}

func (n *Node) view() bootstrap.View {
	self, others := n.members()
	return bootstrap.View{Self: self, Others: others}
}

// sightings returns a channel that is closed when members may have changed; without gossip, never.
func (n *Node) sightings() <-chan struct{} {
	if n.join.gossip == nil {
		return nil
	}
	return n.join.gossip.Changes()
}

// names returns what people call the nodes, by id.
func (n *Node) names() map[string]string {
	self, others := n.members()
	names := map[string]string{self.ID: self.Name}
	for _, m := range others {
		names[m.ID] = m.Name
	}
	return names
}

// found bootstraps Raft on this node with all founders as voters. It may be repeated after a crash at any point.
func (n *Node) found(_ context.Context, p bootstrap.Proposal) error {
	err := n.raft.BootstrapCluster(configurationOf(p)).Error()
	if err != nil && !(errors.Is(err, raft.ErrCantBootstrap) && n.raft.LastIndex() > 0) {
		return fmt.Errorf("bootstrap Raft: %w", err)
	}
	return n.belong(p.Cluster, p.Generation)
}

// adopt makes this fresh node one of a cluster that exists; its leader then adds it.
func (n *Node) adopt(_ context.Context, id membership.Identity) error {
	if err := n.join.founder.Withdraw(id.Cluster); err != nil {
		return err
	}
	return n.belong(id.Cluster, id.Generation)
}

// belong records the cluster durably and tells everybody.
func (n *Node) belong(cluster string, generation uint64) error {
	if n.dir.Cluster() == cluster && n.dir.Generation() == generation {
		return nil
	}
	if err := n.dir.SetCluster(cluster, generation); err != nil {
		return err
	}
	n.log.Info("belongs to a cluster", "cluster", cluster, "generation", generation)
	n.port.CloseStale()
	n.refresh()
	n.changed.fire()
	return nil
}

// watchState records the cluster that the state says it belongs to: a founder may learn of its founding from the log alone.
func (n *Node) watchState(ctx context.Context) {
	for {
		select {
		case <-n.join.begun:
		case <-ctx.Done():
			return
		}
		if s := n.replica.machine.Stats(); s.Generation != 0 {
			if err := n.belong(s.Cluster, s.Generation); err != nil {
				n.fail(err)
			}
		}
	}
}

// followGossip keeps the addresses of the living at hand, and this node's own description fresh.
func (n *Node) followGossip(ctx context.Context) {
	ticker := time.NewTicker(refreshEvery)
	defer ticker.Stop()
	for {
		changed := n.join.gossip.Changes()
		addrs := map[string]string{}
		for _, m := range n.join.gossip.Members() {
			if m.Alive && m.NodeAddr != "" {
				addrs[m.ID] = m.NodeAddr
			}
		}
		n.peers.gossiped(addrs)
		select {
		case <-changed:
		case <-ticker.C:
			n.refresh()
		case <-ctx.Done():
			return
		}
	}
}

func (n *Node) refresh() {
	if n.join.gossip == nil {
		return
	}
	if err := n.join.gossip.Refresh(); err != nil {
		n.log.Warn("gossip does not know this node's present state", "error", err)
	}
}

// reconcile brings nodes that gossip shows into the configuration, while this node leads.
func (n *Node) reconcile(ctx context.Context) {
	if n.join.gossip == nil {
		return
	}
	rules := membership.DefaultRules()
	rules.StableFor = 10 * n.cfg.Profile.Heartbeat
	r, err := membership.NewReconciler(membership.Config{
		Raft: configurer{n}, Gossip: n.join.gossip, Progress: laggard{n}, Rules: rules, Logger: n.log,
		Identity: func() (string, uint64) { return n.dir.Cluster(), n.dir.Generation() },
	})
	if err != nil {
		n.log.Error("nodes cannot join", "error", err)
		return
	}
	_ = r.Run(ctx) // ends with ctx
}
