package cluster

import (
	"sync"

	"github.com/sessnode/sessnode/cluster/bootstrap"
	"github.com/sessnode/sessnode/cluster/raftlog"
)

// identity is who this node is, and which cluster it belongs to. It is safe for concurrent use.
type identity struct {
	dir *raftlog.Dir

	mu     sync.Mutex
	pledge *bootstrap.Record
}

// openIdentity reads what was pledged before.
func openIdentity(dir *raftlog.Dir) (*identity, error) {
	pledge, err := readPledge(dir.Path())
	if err != nil {
		return nil, err
	}
	return &identity{dir: dir, pledge: pledge}, nil
}

// held returns the pledge, or nil.
func (i *identity) held() *bootstrap.Record {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.pledge
}

// hold makes a pledge durable; nil lets it go.
func (i *identity) hold(r *bootstrap.Record) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := writePledge(i.dir.Path(), r); err != nil {
		return err
	}
	i.pledge = r
	return nil
}

// founding returns the cluster that this node may be the first leader of: the one it belongs to, or is pledged to. A
// founder can be elected before it has heard that the cluster was founded.
func (i *identity) founding() (cluster string, generation uint64) {
	if cluster := i.dir.Cluster(); cluster != "" {
		return cluster, i.dir.Generation()
	}
	if r := i.held(); r != nil {
		return r.Proposal.Cluster, r.Proposal.Generation
	}
	return "", 0
}
