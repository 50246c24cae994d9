package cluster

import (
	"sync"

	"github.com/hashicorp/raft"
)

// nudges tells followers what is committed, when somebody waits for it there.
//
// hashicorp/raft lets a follower learn the commit index with the next entries, or after 50 to 100 ms without any
// (CommitTimeout): so long would a linearizable read at a follower take after each write. Instead of shortening that time
// for all, the leader sends one ordinary AppendEntries without entries to the node that asks, at the moment when it asks. It
// names the committed entry as the previous one: the follower takes the commit index only if it has that very entry.
type nudges struct {
	transport raft.Transport

	mu     sync.Mutex
	flying map[string]uint64 // by node id: what it is being told
}

// nudge tells a peer that commit, an entry of this leader's term, is committed. It does not block.
func (n *Node) nudge(id string, term, commit uint64) {
	g := &n.nudges
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.flying[id] >= commit {
		return
	}
	g.flying[id] = commit
	n.work.Go(func() { // ends with the transport's time-out, or with the port
		defer func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.flying[id] == commit {
				delete(g.flying, id)
			}
		}()
		p := n.peers.resolve([]string{id})[0]
		me := g.transport.EncodePeer(raft.ServerID(n.id), g.transport.LocalAddr())
		request := raft.AppendEntriesRequest{
			RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(n.id), Addr: me},
			Leader:    me,
			Term:      term, PrevLogEntry: commit, PrevLogTerm: term, LeaderCommitIndex: commit,
		}
		var answer raft.AppendEntriesResponse // Raft's own messages repair what this one does not
		_ = g.transport.AppendEntries(raft.ServerID(id), raft.ServerAddress(p.addr), &request, &answer)
	})
}
