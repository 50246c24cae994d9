package cluster

import (
	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/raftlog"
)

// noticing tells the livelock detector of what was appended: that is what tells a slow follower from one that gets the same snapshot
// for ever (hashicorp/raft#697).
type noticing struct {
	raftlog.Backend
	livelock *raftlog.Livelock
}

func (n noticing) StoreLog(l *raft.Log) error { return n.StoreLogs([]*raft.Log{l}) }

func (n noticing) StoreLogs(logs []*raft.Log) error {
	err := n.Backend.StoreLogs(logs)
	if err == nil && len(logs) > 0 {
		n.livelock.Appended(logs[len(logs)-1].Index)
	}
	return err
}
