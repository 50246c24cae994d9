package cluster

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/gossip"
	"github.com/sessnode/sessnode/cluster/membership"
)

// Status returns this node's own view of its cluster, without asking anybody.
func (n *Node) Status(context.Context) sessnode.Status {
	stats := n.replica.machine.Stats()
	at, now := n.replica.machine.At()
	_, leader := n.raft.LeaderWithID()
	s := sessnode.Status{
		Cluster: n.dir.Cluster(), Generation: at.Generation, Node: n.id, Leader: string(leader), Term: n.raft.CurrentTerm(),
		Commit: n.raft.CommitIndex(), Applied: stats.Applied, StateHash: stats.Hash.String(),
		Sessions: stats.Sessions, Bytes: stats.Bytes, Budget: stats.Budget,
	}
	if now != 0 {
		s.Now = time.Unix(0, now).UTC()
	}
	s.Members = n.memberList(string(leader))
	return s
}

// memberList merges the configuration (who votes) with gossip (who exists, and is alive).
func (n *Node) memberList(leader string) []sessnode.Member {
	self, others := n.members()
	known := map[string]gossip.Member{self.ID: self}
	for _, m := range others {
		known[m.ID] = m
	}
	all := map[string]sessnode.Member{}
	for id, m := range known {
		all[id] = sessnode.Member{ID: id, Name: m.Name, NodeAddr: m.NodeAddr, HTTPAddr: m.HTTPAddr, Alive: m.Alive, Applied: m.Applied, Version: m.Version, Keys: keysOf(m), KeyFileBad: m.KeyFileBad}
	}
	configured := map[string]bool{n.id: true}
	for _, s := range n.servers() {
		id := string(s.ID)
		configured[id] = true
		m, seen := all[id]
		if !seen {
			m = sessnode.Member{ID: id, Name: membership.NameIn(id), NodeAddr: string(s.Address)}
		}
		m.Voter, m.Leader = s.Suffrage == raft.Voter, id == leader
		all[id] = m
	}
	list := make([]sessnode.Member, 0, len(all))
	for id, m := range all {
		if !m.Alive && !configured[id] {
			continue // it was replaced or has left, and gossip will soon have forgotten it too
		}
		if id != n.id {
			m.Applied = max(m.Applied, n.peers.applied(id))
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b sessnode.Member) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Ready reports whether this node can serve, check by check. It asks nobody and does not block.
func (n *Node) Ready() []sessnode.Check {
	n.life.mu.Lock()
	failure, draining, drained := n.life.failure, n.life.draining, n.life.isDrained()
	n.life.mu.Unlock()
	leader, _, _ := n.leader()
	at, _ := n.replica.machine.At()
	commit := n.raft.CommitIndex()
	inCluster := slices.ContainsFunc(n.servers(), func(s raft.Server) bool { return string(s.ID) == n.id })
	list := []sessnode.Check{
		check("running", failure == nil, "the node has stopped itself: see its log"),
		check("serving", !draining, "shutting down"),
		check("drained", !drained, "drained, at an operator's wish"),
		check("member", inCluster && at.Generation != 0, n.waitingFor()),
		check("leader", leader.id != "", "no leader is known"),
		check("applied", commit <= at.Index+readyLag, "restoring, or far behind the log"),
		n.storageCheck(),
	}
	return list
}

// readyLag is by how many log entries a ready node may be behind: a read waits for the rest.
const readyLag = 1024

func check(name string, ok bool, otherwise string) sessnode.Check {
	c := sessnode.Check{Name: name, OK: ok}
	if !ok {
		c.Detail = otherwise
	}
	return c
}

// waitingFor says why the node is in no cluster yet.
func (n *Node) waitingFor() string {
	if n.join.gossip != nil {
		if err := n.join.gossip.JoinError(); err != nil {
			return strings.Join(strings.Fields(err.Error()), " ") // memberlist lists what it tried on lines of their own
		}
	}
	if n.dir.Cluster() != "" {
		return "waiting for the leader to add this node"
	}
	if n.join.founder == nil {
		return "starting"
	}
	return n.join.founder.Status()
}
