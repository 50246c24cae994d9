package cluster_test

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
)

// corruptible starts three nodes that report their failures, and whose digits make them apply something else than the log says, as a
// flipped bit in memory would: every "#0" becomes "#" and the digit.
func corruptible(t *testing.T) (c *clustertest.Cluster, digits []*atomic.Int32, failed []chan error) {
	t.Helper()
	for range 3 {
		digits = append(digits, &atomic.Int32{})
		failed = append(failed, make(chan error, 1))
	}
	c = clustertest.Start(t, 3, func(i int, cfg *cluster.Config) {
		cfg.Seams.CheckAfter = time.Millisecond
		cfg.Seams.Tamper = func(entry []byte) []byte {
			if digit := digits[i].Load(); digit != 0 {
				return bytes.ReplaceAll(entry, []byte("#0"), []byte{'#', byte('0' + digit)})
			}
			return entry
		}
		cfg.OnFailure = func(err error) { failed[i] <- err }
	})
	return c, digits, failed
}

func awaitFailure(t *testing.T, i int, failed chan error) {
	t.Helper()
	select {
	case err := <-failed:
		t.Logf("node %d: %v", i, err)
	case <-time.After(clustertest.Patience):
		t.Fatalf("node %d did not stop itself", i)
	}
}

// TestReplicaInTheMinorityStops alters what one follower applies: it stops, and the others go on.
func TestReplicaInTheMinorityStops(t *testing.T) {
	c, digits, failed := corruptible(t)
	bad := c.Follower()
	digits[bad].Store(1)
	m, key := clustertest.Create("web", "ada#0")
	mustWrite(t, c.Node((bad+1)%3), m)
	awaitFailure(t, bad, failed[bad])
	if _, _, err := c.Node(bad).Session(within(t, time.Second), "web", key, sessnode.Read{Level: sessnode.Local}); !errors.Is(err, sessnode.ErrUnavailable) {
		t.Errorf("the stopped replica answers a read: %v", err)
	}
	if clustertest.Ready(c.Node(bad)) {
		t.Error("the stopped replica is ready")
	}
	for i := range 3 {
		if i == bad {
			continue
		}
		if s, _, err := c.Node(i).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil || s.Subject != "ada#0" {
			t.Errorf("node %d afterwards: %+v, %v", i, s, err)
		}
		if len(failed[i]) != 0 {
			t.Errorf("node %d stopped too: %v", i, <-failed[i])
		}
	}
}

// TestLeaderInTheMinorityStops alters what both followers apply in the same way: the leader is the one who differs.
func TestLeaderInTheMinorityStops(t *testing.T) {
	c, digits, failed := corruptible(t)
	leader := c.Leader()
	for i := range 3 {
		if i != leader {
			digits[i].Store(1)
		}
	}
	m, key := clustertest.Create("web", "ada#0")
	mustWrite(t, c.Node((leader+1)%3), m) // the leader may stop before it has answered
	awaitFailure(t, leader, failed[leader])
	for i := range 3 {
		if i == leader {
			continue
		}
		if s, _, err := c.Node(i).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil || s.Subject != "ada#1" {
			t.Errorf("node %d afterwards: %+v, %v", i, s, err)
		}
	}
}

// TestWithoutAMajorityAllStop alters what each applies in another way.
func TestWithoutAMajorityAllStop(t *testing.T) {
	c, digits, failed := corruptible(t)
	leader := c.Leader()
	for i := range 3 {
		if i != leader {
			digits[i].Store(int32(i + 1))
		}
	}
	m, _ := clustertest.Create("web", "ada#0")
	if _, err := c.Node(leader).Write(within(t, clustertest.Patience), m); err != nil && !errors.Is(err, sessnode.ErrUnknown) { // it may stop before it answers
		t.Fatalf("Write = %v", err)
	}
	for i := range 3 {
		awaitFailure(t, i, failed[i])
	}
}
