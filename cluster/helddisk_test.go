package cluster_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// heldDisk is a log store that hangs in appends while it is held.
type heldDisk struct {
	cluster.LogStore
	held *atomic.Pointer[chan struct{}]
}

func (d heldDisk) StoreLogs(logs []*raft.Log) error {
	if held := d.held.Load(); held != nil {
		<-*held
	}
	return d.LogStore.StoreLogs(logs)
}

func (d heldDisk) StoreLog(l *raft.Log) error { return d.StoreLogs([]*raft.Log{l}) }

// TestLeaderWithAStalledDiskGivesWay holds the leader's disk: it stops itself, and the others elect another, although Raft alone would
// keep its heartbeats going for ever (hashicorp/raft#503).
func TestLeaderWithAStalledDiskGivesWay(t *testing.T) {
	var held [3]atomic.Pointer[chan struct{}]
	failed := make(chan int, 3)
	c := clustertest.Start(t, 3, func(i int, cfg *cluster.Config) {
		cfg.Limits.StallTimeout = 3 * time.Second // longer than a busy machine's disk takes
		cfg.Seams.WrapLog = func(s cluster.LogStore) cluster.LogStore { return heldDisk{s, &held[i]} }
		cfg.OnFailure = func(error) { failed <- i }
	})
	leader := c.Leader()
	release := make(chan struct{})
	t.Cleanup(sync.OnceFunc(func() { close(release) })) // before the nodes are closed
	held[leader].Store(&release)
	m, key := clustertest.Create("web", "ada")
	other := c.Node((leader + 1) % 3)
	if _, err := other.Write(within(t, clustertest.Patience), m); err != nil {
		t.Fatalf("Write() with the leader's disk stalled = %v", err)
	}
	if i := <-failed; i != leader {
		t.Errorf("node %d stopped itself, want %d", i, leader)
	}
	if _, _, err := other.Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil {
		t.Error(err)
	}
}

// TestLeaderWithoutAMajorityDoesNotKnow holds the disks of both followers: a change that the leader has written is in doubt, and one
// for which there is no leader any more is certainly not made. Once the disks go on, the same operation is made once.
func TestLeaderWithoutAMajorityDoesNotKnow(t *testing.T) {
	var held [3]atomic.Pointer[chan struct{}]
	c := clustertest.Start(t, 3, func(i int, cfg *cluster.Config) {
		cfg.Seams.WrapLog = func(s cluster.LogStore) cluster.LogStore { return heldDisk{s, &held[i]} }
	})
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(0), m)
	converge(t, c)
	release := func() {}
	t.Cleanup(func() { release() })
	// hold stops the disks of all but the leader.
	hold := func() (leader int) {
		gate := make(chan struct{})
		release = sync.OnceFunc(func() {
			for i := range held {
				held[i].Store(nil)
			}
			close(gate)
		})
		leader = c.Leader()
		for i := range 3 {
			if i != leader {
				held[i].Store(&gate)
			}
		}
		return leader
	}
	incr := sessnode.Mutation{App: "web", OpID: sessnode.NewOpID(), Actor: "test",
		Change: sessnode.Patch{Key: key, Edit: sessnode.Edit{Incr: map[string]int64{"n": 1}}}}
	leader := 0
	c.Await("a change that the leader has written", func() bool {
		leader = hold()
		_, err := c.Node(leader).Write(within(t, time.Second), incr)
		switch {
		case errors.Is(err, sessnode.ErrUnavailable): // it had stepped down before it was asked
			release()
			return false
		case !errors.Is(err, sessnode.ErrUnknown):
			t.Errorf("Write() without a majority = %v, want ErrUnknown", err)
		}
		return true
	})
	c.Await("the leader to step down", func() bool { return c.Node(leader).Status(t.Context()).Leader != c.Node(leader).ID() })
	other, _ := clustertest.Create("web", "bob")
	if _, err := c.Node(leader).Write(within(t, 500*time.Millisecond), other); !errors.Is(err, sessnode.ErrUnavailable) {
		t.Errorf("Write() without a leader = %v, want ErrUnavailable", err)
	}
	release()
	effect, err := c.Node((leader+1)%3).Write(within(t, clustertest.Patience), incr)
	if err != nil || string(effect.Values["n"].Data) != "1" {
		t.Errorf("the same operation later = %+v, %v, want n = 1", effect, err)
	}
}
