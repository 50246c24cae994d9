package cluster_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// TestFreshNodesJoinAndVote starts two nodes beside a cluster of three: they are added, catch up, and come to vote in a pair.
func TestFreshNodesJoinAndVote(t *testing.T) {
	c := clustertest.Prepare(t, 5, func(i int, cfg *cluster.Config) {
		if cfg.Expect = 3; i >= 3 {
			cfg.Expect = 0
		}
	})
	for i := range 3 {
		c.Start(i)
	}
	for i := range 3 {
		c.AwaitReady(i)
	}
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(0), m)
	c.Start(3)
	c.Start(4)
	for _, i := range []int{3, 4} {
		c.AwaitReady(i)
		if _, _, err := c.Node(i).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil {
			t.Errorf("read at the new node %d: %v", i, err)
		}
	}
	c.Await("five voters", func() bool {
		voters := 0
		for _, member := range c.Node(3).Status(t.Context()).Members {
			if member.Voter {
				voters++
			}
		}
		return voters == 5
	})
	other, key2 := clustertest.Create("web", "bob")
	mustWrite(t, c.Node(4), other)
	if _, _, err := c.Node(1).Session(within(t, clustertest.Patience), "web", key2, sessnode.Read{}); err != nil {
		t.Error(err)
	}
}

// TestCloseLeavesNothingBehind opens and closes a node, and one that never could open.
func TestCloseLeavesNothingBehind(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	c := clustertest.Start(t, 1, nil)
	m, _ := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(0), m)
	second := c.Config(0)
	if n, err := cluster.Open(t.Context(), second); err == nil {
		_ = n.Close(t.Context())
		t.Error("a second node opened a data directory in use")
	}
	c.Stop(0)
	goleak.VerifyNone(t, ignore)
}
