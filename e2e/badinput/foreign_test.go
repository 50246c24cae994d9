//go:build e2e

package badinput

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// TestDamagedLogIsRefused flips one byte in the middle of a stopped follower's log: it must say so, and not start.
func TestDamagedLogIsRefused(t *testing.T) {
	cluster, c := start(t, true)
	for range 50 {
		create(t, c, 2000)
	}
	leader, _, err := cluster.Leader(t.Context(), 30*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	follower := cluster.Others(leader)[0]
	if err := follower.Kill(); err != nil {
		t.Fatal(err)
	}
	path, raw, at := aSession(t, follower.Disk.Dir())
	raw[at+500] ^= 1
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := follower.Start(); err != nil {
		t.Fatal(err)
	}
	if log := stopped(t, follower); !strings.Contains(log, "damaged") || !strings.Contains(log, "try") {
		t.Errorf("the node does not say that its log is damaged, and the cure:\n%s", tail([]byte(log)))
	}
	create(t, c, 10) // the others go on
}

// aSession finds a session in a node's log of either kind, with others behind it: in a WAL the last ones would not do, because damage to
// the newest append may look like a write that a crash has torn.
func aSession(t *testing.T, dir string) (path string, raw []byte, at int) {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(dir, "raft.wal", "*.wal"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(segments, filepath.Join(dir, "raft.db")) {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // the other kind
		}
		all := regexp.MustCompile("x{1000}x*").FindAllIndex(raw, -1)
		if place := len(all) - 1; place >= 0 {
			if strings.HasSuffix(path, ".wal") {
				place /= 2
			}
			return path, raw, all[place][0]
		}
	}
	t.Fatal("no session in the log: nothing would be damaged")
	return "", nil, 0
}

// TestOtherClustersDirectoryIsRefused starts a node of one cluster with the data of another, and so with another cluster's key
// on the other side of every connection.
func TestOtherClustersDirectoryIsRefused(t *testing.T) {
	one, _ := start(t, true)
	other, c := start(t, true)
	stranger, victim := one.Nodes[2], other.Nodes[2]
	for _, n := range []*harness.Node{stranger, victim} {
		if err := n.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(victim.Disk.Dir()); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", stranger.Disk.Dir(), victim.Disk.Dir()).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	create(t, c, 10)
	err := harness.Await(t.Context(), 30*time.Second, "a word about the other cluster", func(context.Context) error {
		log, err := os.ReadFile(victim.LogFile)
		if err != nil {
			return err
		}
		if !strings.Contains(string(log), "cluster keys differ") && !strings.Contains(string(log), "different clusters") {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil {
		log, _ := os.ReadFile(victim.LogFile)
		t.Errorf("%v\n%s", err, tail(log))
	}
	if s, err := victim.Status(t.Context()); err == nil && s.Leader != "" {
		t.Errorf("the stranger follows %s", s.Leader)
	}
}
