//go:build e2e

// Package conformance runs the suite that the in-memory fake passes against three real processes: each claim is made at one node
// and checked at the next; once over connections of their own, once over shared ones.
package conformance_test

import (
	"context"
	"os"
	"testing"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/conformance"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// TestRealClusterKeepsEveryPromiseOfTheFake waits in real time where a claim is about time; such claims run beside each other.
func TestRealClusterKeepsEveryPromiseOfTheFake(t *testing.T) {
	binary, err := harness.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := harness.New(t.Context(), harness.Config{Binary: binary, Root: t.TempDir(), Nodes: 3, Profile: "default", Plain: true})
	t.Cleanup(func() { _ = cluster.Close(context.Background()) })
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, shared := range map[string]int{"connections": 0, "shared": 2} {
		t.Run(name, func(t *testing.T) {
			var target conformance.Target
			for _, n := range cluster.Nodes {
				c, err := client.New(n.URL(), client.WithSharedConnections(shared))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(c.Close)
				target.Clients = append(target.Clients, c)
			}
			conformance.Run(t, func(*testing.T) conformance.Target { return target })
		})
	}
}
