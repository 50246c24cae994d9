package cluster_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// mustAsk does what an operator asks for; an election may come between.
func mustAsk(t *testing.T, c *clustertest.Cluster, what string, do func(context.Context) error) {
	t.Helper()
	if err := c.Ask(do); err != nil {
		t.Fatalf("%s = %v", what, err)
	}
}

func mustWrite(t *testing.T, n *cluster.Node, m sessnode.Mutation) sessnode.Effect {
	t.Helper()
	effect, err := n.Write(within(t, clustertest.Patience), m)
	if err != nil {
		t.Fatalf("Write(%T) = %v", m.Change, err)
	}
	return effect
}

func TestOneNodeFoundsAClusterAndServes(t *testing.T) {
	c := clustertest.Start(t, 1, nil)
	m, key := clustertest.Create("web", "ada")
	effect := mustWrite(t, c.Node(0), m)
	s, at, err := c.Node(0).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{})
	if err != nil || s.Subject != "ada" || at.Index < effect.At.Index {
		t.Fatalf("Session() = %+v, %v, %v", s, at, err)
	}
}

// TestEveryNodeWritesAndReads creates a session at each node and reads it at each other at once.
func TestEveryNodeWritesAndReads(t *testing.T) {
	c := clustertest.Start(t, 3, nil)
	for i := range c.Size() {
		m, key := clustertest.Create("web", "ada")
		effect := mustWrite(t, c.Node(i), m)
		for j := range c.Size() {
			s, _, err := c.Node(j).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{})
			if err != nil || s.ID != effect.Session.ID {
				t.Errorf("written at %d, read at %d: %+v, %v", i, j, s, err)
			}
		}
		mustWrite(t, c.Node((i+1)%3), sessnode.Mutation{App: "web", Actor: "test", Change: sessnode.Revoke{Key: key}})
		for j := range c.Size() {
			_, at, err := c.Node(j).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{})
			if !errors.Is(err, sessnode.ErrNotFound) || sessnode.ReasonOf(err) != sessnode.ReasonRevoked || at.Index == 0 {
				t.Errorf("revoked, read at %d: %v at %v", j, err, at)
			}
		}
	}
}
