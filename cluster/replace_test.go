package cluster_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
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
	if _, err := c.Node(leader).Write(within(t, clustertest.Patience), m); err != nil && !errors.Is(err, sessnode.ErrUnknown) {
		t.Error(err)
	}
}
