package cluster_test

import (
	"context"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// BenchmarkWrite increments counters of many sessions through all three nodes at once.
func BenchmarkWrite(b *testing.B) {
	c := clustertest.Start(b, 3, nil)
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	m, key := clustertest.Create("web", "ada")
	if _, err := c.Node(0).Write(ctx, m); err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(64)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			m := sessnode.Mutation{App: "web", Actor: "bench", Change: sessnode.Patch{Key: key, Edit: sessnode.Edit{Incr: map[string]int64{"n": 1}}}}
			if _, err := c.Node(i%3).Write(ctx, m); err != nil {
				b.Error(err)
			}
		}
	})
	s := c.Node(c.Leader()).Stats()
	b.ReportMetric(float64(s.Writes.Ops)/float64(s.Writes.Batches), "ops/batch")
}

// BenchmarkRead reads one session linearizably through all three nodes at once.
func BenchmarkRead(b *testing.B) {
	c := clustertest.Start(b, 3, nil)
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	m, key := clustertest.Create("web", "ada")
	if _, err := c.Node(0).Write(ctx, m); err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(64)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, _, err := c.Node(i%3).Session(ctx, "web", key, sessnode.Read{}); err != nil {
				b.Error(err)
			}
		}
	})
	var reads, rounds uint64
	for _, n := range c.Nodes() {
		s := n.Stats().Reads
		reads, rounds = reads+s.Reads, rounds+s.Rounds
	}
	b.ReportMetric(float64(reads)/float64(rounds), "reads/round")
}

// BenchmarkReadYourWrite writes at one follower and reads at the other, one after another: what a browser that is sent from one
// application server to the next waits for.
func BenchmarkReadYourWrite(b *testing.B) {
	c := clustertest.Start(b, 3, nil)
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	leader := c.Leader()
	one, two := c.Node((leader+1)%3), c.Node((leader+2)%3)
	var reading time.Duration
	for b.Loop() {
		m, key := clustertest.Create("web", "ada")
		if _, err := one.Write(ctx, m); err != nil {
			b.Fatal(err)
		}
		begin := time.Now()
		if _, _, err := two.Session(ctx, "web", key, sessnode.Read{}); err != nil {
			b.Fatal(err)
		}
		reading += time.Since(begin)
	}
	b.ReportMetric(float64(reading.Microseconds())/float64(b.N), "us/read")
}
