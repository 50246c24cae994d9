package cluster

import (
	"context"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/bootstrap"
	"github.com/sessnode/sessnode/cluster/membership"
	"github.com/sessnode/sessnode/cluster/nodeport"
)

// What the packages below ask of a node, each in its own words.
var (
	_ bootstrap.Caller    = pledgeCaller{}
	_ membership.Raft     = configurer{}
	_ membership.Progress = laggard{}
)

// pledgeCaller lets package bootstrap call nodes.
type pledgeCaller struct{ port *nodeport.Port }

// Call calls a node.
func (c pledgeCaller) Call(ctx context.Context, addr string, method uint8, body []byte) ([]byte, error) {
	return c.port.Call(ctx, addr, nodeport.Method(method), body)
}

// configurer lets package membership change the configuration.
type configurer struct{ n *Node }

// configureFor bounds one change of the configuration.
const configureFor = 10 * time.Second

// Configuration returns the latest one and its index. hashicorp/raft v1.7.3 gives the index as zero (GetConfiguration copies
// the servers only): it is the last one that went through the state machine, or that the last snapshot was taken under. A
// change that is not committed yet has a higher one; then Raft refuses the next change, as it should.
func (c configurer) Configuration() (raft.Configuration, uint64, error) {
	index := c.n.replica.configured.Load()
	kept, err := c.n.snapshots.List()
	if err != nil {
		return raft.Configuration{}, 0, err
	}
	if len(kept) > 0 {
		index = max(index, kept[0].ConfigurationIndex)
	}
	return raft.Configuration{Servers: c.n.servers()}, index, nil
}

// AddNonvoter adds or edits one.
func (c configurer) AddNonvoter(id raft.ServerID, addr raft.ServerAddress, prevIndex uint64) error {
	return c.wait(c.n.raft.AddNonvoter(id, addr, prevIndex, configureFor))
}

// AddVoter adds, promotes or edits one.
func (c configurer) AddVoter(id raft.ServerID, addr raft.ServerAddress, prevIndex uint64) error {
	return c.wait(c.n.raft.AddVoter(id, addr, prevIndex, configureFor))
}

// RemoveServer takes one out.
func (c configurer) RemoveServer(id raft.ServerID, prevIndex uint64) error {
	return c.wait(c.n.raft.RemoveServer(id, prevIndex, configureFor))
}

func (c configurer) wait(f raft.Future) error {
	ctx, cancel := context.WithTimeout(c.n.ctx, configureFor)
	defer cancel()
	return c.n.futures.wait(ctx, f)
}

// laggard measures how far a node is behind.
type laggard struct{ n *Node }

// Lag asks the node how much it has applied.
func (l laggard) Lag(ctx context.Context, id raft.ServerID) (uint64, error) {
	f, err := l.n.askOne(ctx, l.n.peers.resolve([]string{string(id)})[0], 0)
	if err != nil {
		return 0, err
	}
	commit := l.n.raft.CommitIndex()
	return commit - min(commit, f.Applied), nil
}
