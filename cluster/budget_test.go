package cluster_test

import (
	"testing"
	"time"

	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// TestSmallestVoterDecidesTheBudget gives the nodes different memory: what the smallest allows holds on all of them, also after that one
// stopped, and a voter that names no budget does not count.
func TestSmallestVoterDecidesTheBudget(t *testing.T) {
	budgets := []uint64{3 << 30, 0, 1 << 30}
	c := clustertest.Start(t, 3, func(i int, cfg *cluster.Config) { cfg.Budget = budgets[i] })
	settled := func(nodes ...int) {
		t.Helper()
		ctx := within(t, clustertest.Patience)
		for _, i := range nodes {
			for c.Node(i).Status(ctx).Budget != 1<<30 {
				if ctx.Err() != nil {
					t.Fatalf("node %d has a budget of %d, want what the smallest voter allows", i, c.Node(i).Status(t.Context()).Budget)
				}
				<-time.After(10 * time.Millisecond)
			}
		}
	}
	settled(0, 1, 2)
	c.Stop(2)
	c.Leader()
	settled(0, 1)
}
