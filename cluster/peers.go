package cluster

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/nodeport"
)

// errNoAddress makes Raft's transport fall back on the address in the configuration.
var errNoAddress = errors.New("cluster: the node's address is not known")

// peer is a node that can be called.
type peer struct{ id, addr string }

// dial returns an address that only the node with this id can answer at: an answer that counts as one voter's must not come
// from another.
func (p peer) dial() string { return nodeport.Pinned(p.id, p.addr) }

func ids(ps []peer) []string {
	list := make([]string, len(ps))
	for i, p := range ps {
		list[i] = p.id
	}
	return list
}

// unique sorts a list and drops repetitions.
func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// peers knows where nodes are: what they say themselves by gossip counts before the Raft configuration, which may hold
// addresses of before a move. It is safe for concurrent use.
type peers struct {
	anyLow  atomic.Bool   // some node has said last that its disk is nearly full, voter or not, lately or not
	version atomic.Uint64 // grows with every change of an address

	mu       sync.Mutex
	config   map[string]string // node address by id, by the Raft configuration
	gossip   map[string]string // node address by id, of nodes that are alive
	progress map[string]uint64 // applied index by id, as last heard
	budgets  map[string]uint64 // byte budget by id, as last heard
	room     map[string]said   // on the disk, by id
}

func newPeers() *peers {
	return &peers{config: map[string]string{}, gossip: map[string]string{}, progress: map[string]uint64{}, budgets: map[string]uint64{}, room: map[string]said{}}
}

// resolve looks addresses up. Nodes whose address is not known are kept, with an empty one: calling them fails at once.
func (p *peers) resolve(ids []string) []peer {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]peer, len(ids))
	for i, id := range ids {
		list[i] = peer{id, p.address(id)}
	}
	return list
}

func (p *peers) address(id string) string {
	if addr, said := p.gossip[id]; said {
		return addr
	}
	return p.config[id]
}

// ServerAddr lets Raft's transport find a node by its id; part of raft.ServerAddressProvider.
func (p *peers) ServerAddr(id raft.ServerID) (raft.ServerAddress, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	addr := p.address(string(id))
	if addr == "" {
		return "", errNoAddress
	}
	return raft.ServerAddress(peer{string(id), addr}.dial()), nil
}

// configured takes in a Raft configuration.
func (p *peers) configured(servers []raft.Server) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range servers {
		if p.config[string(s.ID)] != string(s.Address) {
			p.config[string(s.ID)] = string(s.Address)
			p.version.Add(1)
		}
	}
}

// gossiped replaces what gossip says.
func (p *peers) gossiped(addrs map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !maps.Equal(p.gossip, addrs) {
		p.gossip = addrs
		p.version.Add(1)
	}
}

// heard records how far a node has applied, and what its memory allows.
func (p *peers) heard(id string, applied, budget uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.budgets[id] = budget
	p.progress[id] = max(p.progress[id], applied)
}

// applied returns how far a node had applied when it was last heard.
func (p *peers) applied(id string) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.progress[id]
}

// servers returns the latest configuration that Raft knows here, committed or not.
func (n *Node) servers() []raft.Server {
	f := n.raft.GetConfiguration()
	if f.Error() != nil { // never, by the library's contract: it does not ask the main loop
		return nil
	}
	servers := f.Configuration().Servers
	n.peers.configured(servers)
	return servers
}

// voters returns those with a vote by the latest configuration known here.
func (n *Node) voters() []peer { return n.peers.resolve(n.electorate().voters) }
