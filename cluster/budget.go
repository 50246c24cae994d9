package cluster

import (
	"context"

	"github.com/sessnode/sessnode"
)

// keepBudget brings the replicated byte budget to what the voter with the least memory allows: every node holds all sessions, so the smallest
// decides. It changes nothing before each voter has been heard. A voter that names no budget does not count.
func (n *Node) keepBudget(ctx context.Context) {
	least, known := n.peers.leastBudget(ids(n.voters()), n.id, n.cfg.Budget)
	if !known || least == n.replica.machine.Stats().Budget {
		return
	}
	ctx, cancel := n.deadline(ctx)
	defer cancel()
	_, err := n.propose(ctx, sessnode.Mutation{OpID: sessnode.NewOpID(), Actor: "budget", Node: n.id, Change: sessnode.SetBudget{Bytes: least}})
	if err != nil {
		n.log.Warn("cannot set the byte budget yet", "bytes", least, "error", err)
		return
	}
	n.log.Info("set the byte budget to what the smallest voter allows", "bytes", least)
}

// leastBudget returns the smallest budget that a voter names, 0 if none names any, and whether all have been heard.
func (p *peers) leastBudget(voters []string, self string, own uint64) (least uint64, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range voters {
		budget, heard := p.budgets[id]
		if id == self {
			budget, heard = own, true
		}
		if !heard {
			return 0, false
		}
		if budget > 0 && (least == 0 || budget < least) {
			least = budget
		}
	}
	return least, len(voters) > 0
}
