package cluster

import (
	"sync/atomic"

	"github.com/hashicorp/raft"
)

// electorate is who votes and whom a read asks, by one configuration and the addresses of one moment. It is made when one of these changes,
// not for each read, and never changed.
type electorate struct {
	voters   []string // ids
	everyone []target

	// What it was made of. A configuration is known by its memory, which Raft never writes to again.
	first   *raft.Server
	servers int
	heard   *[]string
	version uint64
}

// target is a node that is asked.
type target struct {
	peer
	address string        // the one to dial
	waiting *atomic.Int32 // questions that it has not answered
}

// mostUnanswered is how many questions of earlier rounds a node may leave unanswered before it is asked no more: one that stands still must
// not gather a question a round. It is asked again when it answers, or when the connection to it has ended.
const mostUnanswered = 64

// electorate returns the present one.
func (n *Node) electorate() *electorate {
	f := n.raft.GetConfiguration()
	if f.Error() != nil { // never, by the library's contract: it does not ask the main loop
		return &electorate{}
	}
	servers := f.Configuration().Servers
	e := electorate{servers: len(servers), heard: n.asker.known.Load(), version: n.peers.version.Load()}
	if len(servers) > 0 {
		e.first = &servers[0]
	}
	old := n.asker.who.Load()
	if old != nil && old.first == e.first && old.servers == e.servers && old.heard == e.heard && old.version == e.version {
		return old
	}
	n.peers.configured(servers)
	for _, s := range servers {
		if s.Suffrage == raft.Voter {
			e.voters = append(e.voters, string(s.ID))
		}
	}
	for _, p := range n.peers.resolve(n.everyone(e.voters)) {
		e.everyone = append(e.everyone, target{peer: p, address: p.dial(), waiting: old.unanswered(p.id)})
	}
	n.asker.who.Store(&e)
	return &e
}

// unanswered returns the count that a node had before, or a new one.
func (e *electorate) unanswered(id string) *atomic.Int32 {
	if e != nil {
		for i := range e.everyone {
			if e.everyone[i].id == id {
				return e.everyone[i].waiting
			}
		}
	}
	return new(atomic.Int32)
}

// everyone lists the ids to ask: the voters by this node's own configuration and by the last leader heard, since either may be
// the newer one, and this node itself.
func (n *Node) everyone(voters []string) []string {
	list := append([]string{n.id}, voters...)
	if known := n.asker.known.Load(); known != nil {
		list = append(list, *known...)
	}
	return unique(list)
}
