package offline_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/clustertest"
	"github.com/sessnode/sessnode/cluster/offline"
	"github.com/sessnode/sessnode/cluster/raftlog"
	"github.com/sessnode/sessnode/fsm"
)

func key(i int) sessnode.Key {
	return sessnode.Token(string(rune('a'+i)) + "-token-that-is-long-enough-for-a-session").Key()
}

// signIn makes sessions 0 to n-1 of a node's app web.
func signIn(t *testing.T, n *cluster.Node, many int) {
	t.Helper()
	for i := range many {
		write(t, n, sessnode.Create{Key: key(i), ID: sessnode.ID{byte(i + 1)}, TokenChars: 43, Subject: "ada"})
	}
}

func write(t *testing.T, n *cluster.Node, c sessnode.Change) {
	t.Helper()
	if _, err := n.Write(t.Context(), sessnode.Mutation{App: "web", OpID: sessnode.NewOpID(), Actor: "token", Change: c}); err != nil {
		t.Fatal(err)
	}
}

func reads(t *testing.T, n *cluster.Node, i int) error {
	t.Helper()
	_, _, err := n.Session(t.Context(), "web", key(i), sessnode.Read{})
	return err
}

// survivor is the directory of a stopped node with three sessions, of which the last was ended.
func survivor(t *testing.T) (*clustertest.Cluster, string) {
	t.Helper()
	c := clustertest.Start(t, 1, nil)
	signIn(t, c.Node(0), 3)
	write(t, c.Node(0), sessnode.Revoke{Key: key(2)})
	return c, c.Config(0).DataDir
}

func begin(t *testing.T, m *fsm.Machine) *offline.Life {
	t.Helper()
	at, _ := m.At()
	l, err := offline.Begin(m, time.Now(), offline.Mint(at.Generation, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestARecoveredNodeHasAllThatItHadInANewLife(t *testing.T) {
	c, dir := survivor(t)
	if _, err := offline.Look(dir); !errors.Is(err, raftlog.ErrInUse) {
		t.Fatalf("Look while the node runs = %v, want ErrInUse", err)
	}
	c.Stop(0)
	s, err := offline.Look(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := begin(t, s.Machine)
	if l.Live() != 2 || s.LastIndex == 0 || s.LastTerm == 0 {
		t.Errorf("survivor = index %d of term %d, %d live sessions, want 2", s.LastIndex, s.LastTerm, l.Live())
	}
	if err := errors.Join(s.Recover(l), s.Close()); err != nil {
		t.Fatal(err)
	}
	c.Start(0)
	c.AwaitReady(0)
	n := c.Node(0)
	if err := errors.Join(reads(t, n, 0), reads(t, n, 1)); err != nil {
		t.Errorf("the sessions of the survivor: %v", err)
	}
	if err := reads(t, n, 2); sessnode.ReasonOf(err) != sessnode.ReasonRevoked {
		t.Errorf("the one that was ended: %v, want revoked", err)
	}
	if at := n.Position(); at.Generation != l.Generation || at.Index <= s.LastIndex {
		t.Errorf("position = %v, want generation %d behind %d", at, l.Generation, s.LastIndex)
	}
	write(t, n, sessnode.Revoke{Key: key(0)}) // and it can be written to
	c.Stop(0)
	d, err := raftlog.OpenDir(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	if log, err := raftlog.Verify(d); err != nil || log.First <= s.LastIndex {
		t.Errorf("the log of the new life = %+v, %v; want none of the old one, and no second founding", log, err)
	}
}

func TestARestoredNodeServesANewLife(t *testing.T) {
	c, dir := survivor(t)
	c.Stop(0)
	for _, revoke := range []bool{false, true} {
		s, err := offline.Look(dir)
		if err != nil {
			t.Fatal(err)
		}
		l := begin(t, s.Machine)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if revoke {
			if ended, err := l.RevokeAll("restore"); ended != 2 || err != nil {
				t.Errorf("RevokeAll = %d, %v, want 2", ended, err)
			}
		}
		path := filepath.Join(t.TempDir(), "new")
		if _, err := l.SettleNew(path, "a", "127.0.0.1:1"); err != nil {
			t.Fatal(err)
		}
		if _, err := l.SettleNew(path, "a", "127.0.0.1:1"); !errors.Is(err, offline.ErrNotEmpty) {
			t.Errorf("SettleNew again = %v, want ErrNotEmpty", err)
		}
		fresh := clustertest.Start(t, 1, func(_ int, cfg *cluster.Config) { cfg.DataDir = path })
		for i := range 2 {
			err := reads(t, fresh.Node(0), i)
			if !revoke && err != nil || revoke && sessnode.ReasonOf(err) != sessnode.ReasonRevoked {
				t.Errorf("revoke %v: session %d: %v", revoke, i, err)
			}
			if _, err := fresh.Node(0).Write(t.Context(), sessnode.Mutation{App: "web", Change: sessnode.Create{Key: key(i), ID: sessnode.ID{9}, TokenChars: 43}}); !errors.Is(err, sessnode.ErrConflict) {
				t.Errorf("revoke %v: a create on its token = %v, want a conflict", revoke, err)
			}
		}
	}
}

// TestAHalfMadeDirectoryFoundsNothing: a crash of a restore before its state is there must not become an empty cluster.
func TestAHalfMadeDirectoryFoundsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	c, dir := survivor(t)
	c.Stop(0)
	s, err := offline.Look(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := begin(t, s.Machine)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.SettleNew(path, "a", "127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(path, "snapshots")); err != nil {
		t.Fatal(err)
	}
	half := clustertest.Prepare(t, 1, func(_ int, cfg *cluster.Config) { cfg.DataDir = path })
	half.Start(0)
	deadline := time.After(3 * time.Second)
	for at := half.Node(0).Position(); ; at = half.Node(0).Position() {
		if at.Generation != 0 {
			t.Fatalf("it founded a cluster: %v", at)
		}
		select {
		case <-deadline:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func TestWhatExpiredMeanwhileDoesNotReturn(t *testing.T) {
	c, dir := survivor(t)
	c.Stop(0)
	s, err := offline.Look(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	l, err := offline.Begin(s.Machine, time.Now().Add(2*time.Hour), 99)
	if err != nil || l.Expired != 2 || l.Live() != 0 {
		t.Errorf("two hours later: %d expired, %d live, %v; want 2 and none", l.Expired, l.Live(), err)
	}
	if _, err := offline.Begin(s.Machine, time.Now(), 99); err == nil {
		t.Error("a life begins with the generation of the one before")
	}
}
