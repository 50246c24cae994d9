package cluster_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
	"github.com/sessnode/sessnode/cluster/raftlog"
)

// TestLeaderAnswersWhenItsOwnDiskHasTheChange holds the leader's disk. The followers get the change meanwhile and write it; Raft counts the
// leader's copy and theirs only when the leader's disk is done.
func TestLeaderAnswersWhenItsOwnDiskHasTheChange(t *testing.T) {
	var gates [3]raftlog.Gate
	var stored [3]atomic.Uint64
	c := clustertest.Start(t, 3, func(i int, cfg *cluster.Config) {
		faults := &raftlog.Faults{
			BeforeStore: func([]*raft.Log) error { gates[i].Pass(); return nil },
			AfterStore:  func(logs []*raft.Log) error { stored[i].Store(logs[len(logs)-1].Index); return nil },
		}
		cfg.Seams.WrapLog = func(s cluster.LogStore) cluster.LogStore { return faults.Wrap(s) }
	})
	for i := range gates {
		t.Cleanup(gates[i].Open) // before the nodes are closed
	}
	leader := c.Leader()
	m, _ := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(leader), m)
	c.Await("the followers have the first change", func() bool {
		return stored[(leader+1)%3].Load() == stored[leader].Load() && stored[(leader+2)%3].Load() == stored[leader].Load()
	})
	before := stored[leader].Load()
	waiting := gates[leader].Shut()
	answered := make(chan error, 1)
	m, _ = clustertest.Create("web", "bob")
	go func() {
		_, err := c.Node(leader).Write(within(t, 20*time.Second), m)
		answered <- err
	}()
	<-waiting
	c.Await("a follower's disk has the change", func() bool { return max(stored[(leader+1)%3].Load(), stored[(leader+2)%3].Load()) > before })
	select {
	case err := <-answered:
		t.Errorf("Write() = %v while the leader's disk was held", err)
	default:
	}
	if now := stored[leader].Load(); now != before {
		t.Errorf("the leader's disk holds entry %d, want %d: it is held", now, before)
	}
	gates[leader].Open()
	if err := <-answered; err != nil {
		t.Errorf("Write() = %v", err)
	}
}

// BenchmarkWriteToSlowDisks writes with one client at the leader while each disk takes a time of its own, as on three machines.
func BenchmarkWriteToSlowDisks(b *testing.B) {
	const slow = 2 * time.Millisecond
	faults := &raftlog.Faults{BeforeStore: func([]*raft.Log) error { time.Sleep(slow); return nil }}
	c := clustertest.Start(b, 3, func(i int, cfg *cluster.Config) {
		cfg.Seams.WrapLog = func(s cluster.LogStore) cluster.LogStore { return faults.Wrap(s) }
	})
	n := c.Node(c.Leader())
	m, key := clustertest.Create("web", "ada")
	if _, err := n.Write(b.Context(), m); err != nil {
		b.Fatal(err)
	}
	begin := time.Now()
	for b.Loop() {
		m := sessnode.Mutation{App: "web", Actor: "bench", Change: sessnode.Patch{Key: key, Edit: sessnode.Edit{Incr: map[string]int64{"n": 1}}}}
		if _, err := n.Write(b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(time.Since(begin))/float64(b.N)/float64(slow), "disks/op")
}
