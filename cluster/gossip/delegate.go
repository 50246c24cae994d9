package gossip

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/hashicorp/memberlist"
)

// delegate is what memberlist calls back. It calls Event, Alive and Conflict methods with its own lock held: nothing here
// may call memberlist, and nodes are copied, never kept.
type delegate struct {
	table *table
	log   *slog.Logger
}

var (
	_ memberlist.Delegate         = (*delegate)(nil)
	_ memberlist.EventDelegate    = (*delegate)(nil)
	_ memberlist.AliveDelegate    = (*delegate)(nil)
	_ memberlist.MergeDelegate    = (*delegate)(nil)
	_ memberlist.ConflictDelegate = (*delegate)(nil)
)

// NodeMeta returns this node's metadata; its size was checked when it was set.
func (d *delegate) NodeMeta(int) []byte { return d.table.selfMeta() }

// NotifyMsg drops user messages: no node sends any.
func (d *delegate) NotifyMsg([]byte) {}

// GetBroadcasts has nothing to add.
func (d *delegate) GetBroadcasts(_, _ int) [][]byte { return nil }

// LocalState has nothing to add.
func (d *delegate) LocalState(bool) []byte { return nil }

// MergeRemoteState drops user state: no node sends any.
func (d *delegate) MergeRemoteState([]byte, bool) {}

// NotifyAlive refuses a node that cannot be understood or is foreign, however its message came here. memberlist logs the
// refusal as a warning.
func (d *delegate) NotifyAlive(peer *memberlist.Node) error {
	self := d.table.selfMember()
	if peer.Name == self.ID {
		return nil
	}
	m, err := decodeMeta(peer.Name, peer.Meta)
	if err != nil {
		return err
	}
	return kin(self, m)
}

// NotifyMerge refuses a join in which the other side knows living nodes that are foreign: two clusters must not flow
// together (nomad#5010, nomad#5917).
func (d *delegate) NotifyMerge(peers []*memberlist.Node) error {
	self := d.table.selfMember()
	for _, peer := range peers {
		if peer.State != memberlist.StateAlive || peer.Name == self.ID {
			continue
		}
		m, err := decodeMeta(peer.Name, peer.Meta)
		if err != nil {
			continue // NotifyAlive drops it alone
		}
		if err := kin(self, m); err != nil {
			return err
		}
	}
	return nil
}

// kin returns an error that wraps ErrForeign when the two must not gossip.
func kin(self, m Member) error {
	if !foreign(self, m) {
		return nil
	}
	return fmt.Errorf("%w: node %s is in cluster %s generation %d, this node in %s generation %d",
		ErrForeign, m.ID, m.Cluster, m.Generation, self.Cluster, self.Generation)
}

// NotifyJoin records a node that is new or alive again.
func (d *delegate) NotifyJoin(n *memberlist.Node) { d.record(n) }

// NotifyUpdate records a node's new metadata.
func (d *delegate) NotifyUpdate(n *memberlist.Node) { d.record(n) }

// NotifyLeave records that a node left or is taken for dead.
func (d *delegate) NotifyLeave(n *memberlist.Node) { d.table.died(n.Name, time.Now()) }

func (d *delegate) record(n *memberlist.Node) {
	if n.Name == d.table.selfMember().ID {
		return
	}
	m, err := decodeMeta(n.Name, n.Meta)
	if err != nil { // NotifyAlive let it in a moment ago
		d.log.Error("gossip metadata changed under us", "node", n.Name, "error", err)
		return
	}
	d.table.put(m, n.Address())
}

// NotifyConflict reports two nodes with one id: nearly always a data directory that was copied.
func (d *delegate) NotifyConflict(existing, other *memberlist.Node) {
	d.log.Error("two nodes use one id: was a data directory copied? Stop one of them and remove its copy",
		"node", existing.Name, "known_at", existing.Address(), "also_at", other.Address())
}
