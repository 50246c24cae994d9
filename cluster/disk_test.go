package cluster_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
	"github.com/sessnode/sessnode/cluster/raftlog"
)

const (
	diskSize  = 10 << 30 // the default mark is 512 MiB then
	diskFull  = 100 << 20
	diskAbove = 600 << 20 // above the mark, but not by the quarter that a low node waits for
	diskEmpty = 8 << 30
)

// disks are what nodes see of the free space.
type disks [3]atomic.Uint64

func (d *disks) wire(i int, c *cluster.Config) {
	d[i].Store(diskEmpty)
	c.Seams.DiskFree = func(string) (uint64, uint64, error) { return d[i].Load(), diskSize, nil }
}

func (d *disks) all(free uint64) {
	for i := range d {
		d[i].Store(free)
	}
}

// storage returns a node's own check of its disk.
func storage(t *testing.T, n *cluster.Node) sessnode.Check {
	t.Helper()
	for _, c := range n.Ready() {
		if c.Name == "storage" {
			return c
		}
	}
	t.Fatal("no check is called storage")
	return sessnode.Check{}
}

func create(t *testing.T, n *cluster.Node) error {
	t.Helper()
	m, _ := clustertest.Create("web", "ada")
	_, err := n.Write(within(t, clustertest.Patience), m)
	return err
}

func isFull(err error) bool {
	return errors.Is(err, sessnode.ErrFull) && sessnode.ReasonOf(err) == sessnode.ReasonDisk
}

// TestALeaderWhoseDiskFillsUpHandsOver fills the leader's disk: another leads, nobody is refused, and leadership does not go back.
func TestALeaderWhoseDiskFillsUpHandsOver(t *testing.T) {
	var d disks
	c := clustertest.Start(t, 3, d.wire)
	old := c.Leader()
	d[old].Store(diskFull)
	c.Await("another leader", func() bool {
		if err := create(t, c.Node(old)); err != nil {
			t.Fatalf("create while one of three disks is nearly full = %v", err)
		}
		return c.Leader() != old
	})
	c.Await("storage to be red", func() bool { return !storage(t, c.Node(old)).OK })
	third := (old + 1) % 3
	back := func(ctx context.Context) error { return c.Node(third).Transfer(ctx, c.Node(old).ID()) }
	if err := c.Ask(back); !errors.Is(err, sessnode.ErrConflict) {
		t.Errorf("Transfer to the node whose disk is nearly full = %v, want ErrConflict", err)
	}
	c.Await("a hand-over to the third node", func() bool {
		next := c.Leader()
		if next == old {
			return false // an election of the cluster's own: it gives way by itself
		}
		mustAsk(t, c, "Transfer to anybody", func(ctx context.Context) error { return c.Node(next).Transfer(ctx, "") })
		return c.Leader() == 3-old-next
	})

	d[old].Store(diskEmpty)
	c.Await("storage to be green", func() bool { return storage(t, c.Node(old)).OK && storage(t, c.Node(old)).Detail == "" })
	c.Await("the transfer to be allowed", func() bool {
		return c.Node(c.Leader()).Transfer(within(t, clustertest.Patience), c.Node(old).ID()) == nil
	})
}

// TestFullDisksRefuseGrowthAndNothingElse fills all disks: creating is refused at every node with its own reason; reading, touching,
// rotating and revoking go on; and the nodes stay ready for these.
func TestFullDisksRefuseGrowthAndNothingElse(t *testing.T) {
	var d disks
	c := clustertest.Start(t, 3, d.wire)
	m, key := clustertest.Create("web", "ada")
	mustWrite(t, c.Node(0), m)
	d.all(diskFull)
	for i := range 3 {
		c.Await("a create to be refused", func() bool { return isFull(create(t, c.Node(i))) })
	}
	patch := sessnode.Mutation{App: "web", Actor: "test", Change: sessnode.Patch{Key: key, Edit: sessnode.Edit{Incr: map[string]int64{"n": 1}}}}
	if _, err := c.Node(1).Write(within(t, clustertest.Patience), patch); !isFull(err) {
		t.Errorf("patch = %v, want ErrFull, reason disk", err)
	}
	for i := range 3 {
		if _, _, err := c.Node(i).Session(within(t, clustertest.Patience), "web", key, sessnode.Read{}); err != nil {
			t.Errorf("read at node %d = %v", i, err)
		}
		c.Await("ready, with a word on the disk", func() bool { return clustertest.Ready(c.Node(i)) && storage(t, c.Node(i)).Detail != "" })
	}
	mustWrite(t, c.Node(1), sessnode.Mutation{App: "web", Actor: "test", Change: sessnode.Revoke{Key: key}})

	d.all(diskAbove)
	c.Await("a look at the disks", func() bool { return c.Node(c.Leader()).Stats().Disk.Free == diskAbove })
	if err := create(t, c.Node(0)); !isFull(err) {
		t.Errorf("create just above the mark = %v, want ErrFull still", err)
	}
	d.all(diskEmpty)
	c.Await("a create to succeed", func() bool { return create(t, c.Node(2)) == nil })
}

// TestGrowthNeedsRoomAtAMajority fills the followers' disks one after another. One is on its own; at two, the leader's room is of no use.
// With one node gone, a single full disk is too many: the majority would hang on it.
func TestGrowthNeedsRoomAtAMajority(t *testing.T) {
	var d disks
	c := clustertest.Start(t, 3, d.wire)
	leader := c.Leader()
	one, two := (leader+1)%3, (leader+2)%3
	d[one].Store(diskFull)
	c.Await("the follower to look", func() bool { return storage(t, c.Node(one)).Detail != "" })
	if err := create(t, c.Node(one)); err != nil {
		t.Errorf("create while one of three is nearly full = %v", err)
	}
	d[two].Store(diskFull)
	c.Await("a create to be refused", func() bool { return isFull(create(t, c.Node(leader))) })
	d[two].Store(diskEmpty)
	c.Await("a create to succeed", func() bool { return create(t, c.Node(leader)) == nil })
	c.Stop(two)
	c.Await("a create to be refused", func() bool { return isFull(create(t, c.Node(leader))) })
}

// TestASnapshotThatWouldNotFitIsNotBegun has less room than the state may take.
func TestASnapshotThatWouldNotFitIsNotBegun(t *testing.T) {
	var d disks
	c := clustertest.Start(t, 1, d.wire)
	if err := create(t, c.Node(0)); err != nil {
		t.Fatal(err)
	}
	d[0].Store(1 << 20)
	c.Await("a refusal", func() bool { return c.Node(0).Snapshot(within(t, clustertest.Patience)) != nil })
	d[0].Store(diskEmpty)
	c.Await("a snapshot", func() bool { return c.Node(0).Snapshot(within(t, clustertest.Patience)) == nil })
}

// TestDamagedSnapshotsAreRefusedWithTheCure flips a byte in every snapshot of a stopped node.
func TestDamagedSnapshotsAreRefusedWithTheCure(t *testing.T) {
	c := clustertest.Start(t, 1, nil)
	if err := create(t, c.Node(0)); err != nil {
		t.Fatal(err)
	}
	if err := c.Node(0).Snapshot(within(t, clustertest.Patience)); err != nil {
		t.Fatal(err)
	}
	c.Stop(0)
	files, err := filepath.Glob(filepath.Join(c.Config(0).DataDir, "snapshots", "*", "state.bin"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no snapshots: %v", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		raw[len(raw)/2] ^= 1
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	n, err := cluster.Open(t.Context(), c.Config(0))
	if err == nil {
		_ = n.Close(t.Context())
	}
	if !errors.Is(err, raftlog.ErrDamaged) || !strings.Contains(err.Error(), "snapshots") || !strings.Contains(err.Error(), "Move the data directory away") {
		t.Errorf("Open with damaged snapshots = %v, want ErrDamaged with the folder and the cure", err)
	}
}
