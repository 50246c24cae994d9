package cluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/membership"
)

// Remove takes a node that is gone for good out of the configuration, by id or name. It may be called at any node and returns once
// the change is committed. ErrInvalid means that there is no such node; ErrConflict that it may not be removed as things are, and
// why: it is alive, or the others would have no majority.
func (n *Node) Remove(ctx context.Context, who string) error {
	return decorate(n.askRemoval(ctx, removeFrame{Who: who}), "remove", "")
}

func (n *Node) askRemoval(ctx context.Context, f removeFrame) error {
	return n.atLeader(ctx, methodRemove, pack(&f), func(ctx context.Context) error { return n.remove(ctx, f) })
}

func (n *Node) handleRemove(ctx context.Context, _ string, body []byte) ([]byte, error) {
	var f removeFrame
	if err := unpack(body, &f); err != nil {
		return nil, sessnode.Errorf(sessnode.CodeInvalid, "", "%v", err)
	}
	return nil, n.remove(ctx, f)
}

// remove judges a removal by the configuration that it changes, and makes it, if this node leads.
func (n *Node) remove(ctx context.Context, f removeFrame) error {
	config, index, err := (configurer{n}).Configuration()
	if err != nil {
		return noLeader("the configuration cannot be read: " + err.Error())
	}
	id, err := n.memberCalled(config, f.Who)
	if errors.Is(err, sessnode.ErrInvalid) {
		// It may be missing because of a change that is not committed yet and may be taken back: "there is none" must be certain.
		if err := n.futures.wait(ctx, n.raft.Barrier(enqueueTimeout)); err != nil {
			return noLeader("the configuration is not settled: " + err.Error())
		}
		if config, index, err = (configurer{n}).Configuration(); err == nil {
			id, err = n.memberCalled(config, f.Who)
		}
	}
	if err != nil {
		return err
	}
	self, others := n.members()
	s := membership.Situation{Cluster: n.dir.Cluster(), Generation: n.dir.Generation(), Config: config, Members: append(others, self)}
	if err := membership.MayRemove(s, id, f.Leaving); errors.Is(err, membership.ErrUnheard) {
		return sessnode.Errorf(sessnode.CodeUnavailable, "", "%v", err)
	} else if err != nil {
		return sessnode.Errorf(sessnode.CodeConflict, "", "%v", err)
	}
	if string(id) == n.id {
		return noLeader("this node leads: it hands over first")
	}
	if err := n.othersAnswer(ctx, config, id); err != nil {
		return err
	}
	err = n.futures.wait(ctx, n.raft.RemoveServer(id, index, configureFor))
	switch {
	case err == nil:
		n.log.Info("membership changed", "change", "remove", "node", string(id), "leaving", f.Leaving)
		return nil
	case errors.Is(err, raft.ErrLeadershipLost), errors.Is(err, raft.ErrAbortedByRestore), errors.Is(err, raft.ErrRaftShutdown), ctx.Err() != nil:
		return sessnode.Errorf(sessnode.CodeUnknown, "", "the removal may have been made: look at the members, then ask again")
	}
	return noLeader("the node was not removed: " + err.Error()) // Raft refused it before appending, for instance because another change came first
}

// othersAnswer makes sure that a majority of the voters without one answers now. Gossip takes seconds to notice a death, and a
// configuration whose majority is dead can neither be committed nor left again.
func (n *Node) othersAnswer(ctx context.Context, config raft.Configuration, but raft.ServerID) error {
	var others []string
	for _, s := range config.Servers {
		if s.Suffrage == raft.Voter && s.ID != but {
			others = append(others, string(s.ID))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*n.cfg.Profile.Heartbeat)
	defer cancel()
	answers := make(chan bool, len(others))
	for _, p := range n.peers.resolve(others) {
		go func() { // ends with ctx
			_, err := n.askOne(ctx, p, 0)
			answers <- err == nil
		}()
	}
	answered := 0
	for range others {
		if <-answers {
			answered++
		}
	}
	if need := len(others)/2 + 1; answered < need {
		return sessnode.Errorf(sessnode.CodeConflict, "", "of the %d other voters %d answer and %d are needed: bring others back first", len(others), answered, need)
	}
	return nil
}

// memberCalled finds a node of the configuration by id, by the name in its id, or by the name that it gossips. A name that two nodes
// share is no answer.
func (n *Node) memberCalled(config raft.Configuration, who string) (raft.ServerID, error) {
	names := n.names()
	var found []string
	for _, s := range config.Servers {
		id := string(s.ID)
		if id == who {
			return s.ID, nil
		}
		if names[id] == who || membership.NameIn(id) == who {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return "", sessnode.Errorf(sessnode.CodeInvalid, "", "no node of this cluster is called %q", who)
	case 1:
		return raft.ServerID(found[0]), nil
	}
	return "", sessnode.Errorf(sessnode.CodeInvalid, "", "several nodes are called %q: give the id, one of %s", who, strings.Join(found, ", "))
}

// Leave takes this very node out of its cluster for good: it hands leadership over, asks the leader to remove it, and marks its
// data directory, so that it is never started again under this id. The caller closes the node afterwards. ErrConflict means that
// the others would have no majority, or that there are no others; then nothing was changed but the leader.
//
// After ErrUnavailable or ErrUnknown it may be called again; until then it says by gossip that it leaves, and is given no vote that it
// does not have.
func (n *Node) Leave(ctx context.Context) error {
	ctx, cancel := n.deadline(ctx)
	defer cancel()
	n.sayLeaving(true)
	for try := 0; ; try++ {
		err := n.leaveOnce(ctx)
		if err == nil {
			n.log.Info("left the cluster", "cluster", n.dir.Cluster())
			return decorate(n.dir.SetLeft(), "leave", "")
		}
		passing := sessnode.CodeOf(err) == sessnode.CodeUnavailable || sessnode.CodeOf(err) == sessnode.CodeUnknown
		if !passing || !n.pause(ctx, try) {
			if !passing {
				n.sayLeaving(false) // it stays; in doubt it may be out already, and must not be taken in again
			}
			return decorate(err, "leave", "")
		}
	}
}

// sayLeaving tells everybody whether this node is about to leave: a node that gossip shows would be taken in again at once.
func (n *Node) sayLeaving(leaving bool) {
	n.life.mu.Lock()
	n.life.leaving = leaving
	n.life.mu.Unlock()
	n.refresh()
}

func (n *Node) leaveOnce(ctx context.Context) error {
	if _, isLeader := n.leading(); isLeader {
		if len(n.voters()) == 1 {
			return sessnode.Errorf(sessnode.CodeConflict, "", "this is the only voter: without it there is no cluster")
		}
		if !n.handOver(ctx, "") {
			return noLeader("leadership was not handed over")
		}
	}
	err := n.askRemoval(ctx, removeFrame{Who: n.id, Leaving: true})
	if errors.Is(err, sessnode.ErrInvalid) { // an earlier try was made after all
		return nil
	}
	return err
}

// SetDrained drains this node, or lets it work again: a drained node is not ready, so that load balancers look elsewhere, and
// hands leadership over, also when it is elected later; but it still answers and votes. It is for maintenance; a restart ends it, and
// so does the limit, unless it is zero: then the node works again by itself, whatever has become of who drained it.
func (n *Node) SetDrained(ctx context.Context, drained bool, limit time.Duration) error {
	if err := n.begin(); err != nil {
		return decorate(err, "drain", "")
	}
	defer n.end()
	n.life.drain(drained, limit)
	_, isLeader := n.leading()
	if alone := len(n.voters()) < 2; drained && isLeader && !alone && !n.handOver(ctx, "") {
		n.life.drain(false, 0)
		return decorate(noLeader("nobody took leadership over, so the node goes on"), "drain", "")
	}
	return nil
}

// yieldEvery is how often a drained node that was elected all the same tries to hand over.
const yieldEvery = 5 * time.Second

// yieldWhileDrained hands leadership over for as long as this node leads and is drained, until ctx ends. It waits first: where all
// that live are drained, each would pass leadership on as soon as it has it, and nobody would work.
func (n *Node) yieldWhileDrained(ctx context.Context) {
	ticker := time.NewTicker(min(yieldEvery, 5*n.cfg.Profile.Heartbeat))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		n.life.mu.Lock()
		drained := n.life.isDrained()
		n.life.mu.Unlock()
		if drained && slices.ContainsFunc(n.voters(), func(p peer) bool { return p.id != n.id }) {
			n.handOver(ctx, "")
		}
	}
}
