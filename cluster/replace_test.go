package cluster_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// voters returns the ids of those that vote, as node i sees it.
func voters(t *testing.T, c *clustertest.Cluster, i int) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, m := range c.Node(i).Status(t.Context()).Members {
		if m.Voter {
			ids[m.ID] = true
		}
	}
	return ids
}

// TestANodeThatLostItsDiskIsReplaced wipes a node, on the same addresses and on others, and starts it again: it comes back under a
// new id, votes, and the old id is gone, while the cluster keeps what it has.
func TestANodeThatLostItsDiskIsReplaced(t *testing.T) {
	for _, where := range []string{"the same address", "another address"} {
		t.Run(where, func(t *testing.T) {
			c := clustertest.Start(t, 3, func(_ int, cfg *cluster.Config) { cfg.Expect = 3 })
			m, key := clustertest.Create("web", "ada")
			mustWrite(t, c.Node(0), m)
			lost := c.Follower()
			old := c.Node(lost).ID()
			c.Stop(lost)
			c.Wipe(lost)
			if where == "another address" {
				c.Move(lost)
			}
			c.Start(lost)
			c.AwaitReady(lost)
			fresh := c.Node(lost).ID()
			if fresh == old {
				t.Fatalf("a node with an empty disk came back under its old id %s", old)
			}
			leader := c.Leader()
			c.Await("the new node in the old one's place", func() bool {
				v := voters(t, c, leader)
				return len(v) == 3 && v[fresh] && !v[old]
			})
			if _, _, err := c.Node(lost).Session(within(t, 20*time.Second), "web", key, sessnode.Read{}); err != nil {
				t.Errorf("read at the new node: %v", err)
			}
			// It counts: without one of the others, it and the third are a majority.
			other := 3 - lost - leader
			c.Stop(other)
			another, _ := clustertest.Create("web", "bob")
			mustWrite(t, c.Node(lost), another)
		})
	}
}

// TestSilenceAloneRemovesNobody stops a node for far longer than a replacement would take to be carried out.
func TestSilenceAloneRemovesNobody(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	gone := c.Follower()
	id := c.Node(gone).ID()
	c.Stop(gone)
	leader := c.Leader()
	until := time.Now().Add(3 * time.Second)
	c.Await("more than ten heartbeats", func() bool { return time.Now().After(until) })
	if v := voters(t, c, leader); len(v) != 3 || !v[id] {
		t.Errorf("voters = %v, want %s among three", v, id)
	}
	m, _ := clustertest.Create("web", "ada")
	if _, err := c.Node(leader).Write(within(t, 10*time.Second), m); err != nil && !errors.Is(err, sessnode.ErrUnknown) {
		t.Error(err)
	}
}
