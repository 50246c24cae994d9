//go:build e2e

package badinput

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// TestTwoClustersWithOneKeyStayTwo gives two founded clusters the same key and starts all nodes of one with the other's nodes as seeds.
func TestTwoClustersWithOneKeyStayTwo(t *testing.T) {
	one, c1 := start(t, true)
	other, c2 := start(t, true, "--cluster-key-file", filepath.Join(filepath.Dir(one.Nodes[0].LogFile), "cluster.key"))
	stayApart(t, one, other, func() { create(t, c1, 10); create(t, c2, 10) })
}

// TestTwoClustersWithTwoKeysStayTwo does the same where the keys differ.
func TestTwoClustersWithTwoKeysStayTwo(t *testing.T) {
	one, c1 := start(t, true)
	other, c2 := start(t, true)
	stayApart(t, one, other, func() { create(t, c1, 10); create(t, c2, 10) })
}

// stayApart points the nodes of the second cluster to the first, and compares both with what they were. serve writes to both.
func stayApart(t *testing.T, one, other *harness.Cluster, serve func()) {
	t.Helper()
	serve()
	var before [2]string
	for i, c := range []*harness.Cluster{one, other} {
		await(t, "one identity", func(ctx context.Context) (err error) { before[i], err = identity(ctx, c); return err })
	}
	if before[0] == before[1] {
		t.Fatal("the clusters are one from the beginning")
	}
	var seeds []string
	for _, n := range slices.Concat(one.Nodes, other.Nodes) {
		seeds = append(seeds, n.GossipAddr)
	}
	for _, n := range other.Nodes {
		if err := n.Stop(); err != nil {
			t.Fatal(err)
		}
		n.Add("--seeds", strings.Join(seeds, ","))
		if err := n.Start(); err != nil {
			t.Fatal(err)
		}
		if err := n.AwaitReady(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for until := time.Now().Add(4 * time.Second); time.Now().Before(until); { // gossip rejoins every second in the fast profile
		serve()
	}
	for i, c := range []*harness.Cluster{one, other} {
		await(t, "the same members as before", func(ctx context.Context) error {
			after, err := identity(ctx, c)
			if err == nil && after != before[i] {
				err = fmt.Errorf("cluster %d is %s, was %s", i, after, before[i])
			}
			return err
		})
	}
}

func await(t *testing.T, what string, holds func(context.Context) error) {
	t.Helper()
	if err := harness.Await(t.Context(), 30*time.Second, what, holds); err != nil {
		t.Fatal(err)
	}
}

// identity returns the id of a cluster and those of its voters, on which all its nodes must agree.
func identity(ctx context.Context, c *harness.Cluster) (said string, err error) {
	for _, n := range c.Nodes {
		s, err := n.Status(ctx)
		if err != nil {
			return "", err
		}
		var voters []string
		for _, m := range s.Members {
			if m.Voter {
				voters = append(voters, m.ID)
			}
		}
		slices.Sort(voters)
		is := fmt.Sprint(s.Cluster, voters)
		if said != "" && is != said {
			return "", fmt.Errorf("%s says %s, another node %s", n.Name, is, said)
		}
		said = is
	}
	return said, nil
}
