package raftlog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/raft"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testKind is the kind that tests make new directories of, where they do not ask for one. Only TestBoltToo changes it.
var testKind = DefaultKind

func openDir(t *testing.T, path, name string) *Dir {
	t.Helper()
	return openKind(t, path, name, testKind)
}

func openKind(t *testing.T, path, name string, kind Kind) *Dir {
	t.Helper()
	d, err := OpenDirAs(path, name, kind)
	if err != nil {
		t.Fatalf("OpenDir = %v", err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func openLog(t *testing.T, d *Dir, o Options) *Store {
	t.Helper()
	s, err := OpenLog(d, o)
	if err != nil {
		t.Fatalf("OpenLog = %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// entries are commands from first to last, of sizes that make pages overflow now and then.
func entries(first, last uint64) []*raft.Log {
	var out []*raft.Log
	for i := first; i <= last; i++ {
		out = append(out, &raft.Log{
			Index: i, Term: 1 + i/100, Type: raft.LogCommand, AppendedAt: time.Unix(int64(i), 0).UTC(),
			Data: []byte(strings.Repeat(fmt.Sprintf("entry %d.", i), 1+int(i*i%700))),
		})
	}
	return out
}

func store(t *testing.T, s raft.LogStore, first, last uint64) {
	t.Helper()
	if err := s.StoreLogs(entries(first, last)); err != nil {
		t.Fatalf("StoreLogs(%d to %d) = %v", first, last, err)
	}
}

func ends(t *testing.T, s raft.LogStore) [2]uint64 {
	t.Helper()
	first, err1 := s.FirstIndex()
	last, err2 := s.LastIndex()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return [2]uint64{first, last}
}

func TestEntriesComeBackAsTheyWere(t *testing.T) {
	d := openDir(t, t.TempDir(), "a")
	s := openLog(t, d, Options{})
	want := entries(1, 50)
	want[6].Extensions = []byte("from elsewhere")
	if err := s.StoreLogs(want); err != nil {
		t.Fatal(err)
	}
	if string(want[6].Extensions) != "from elsewhere" || want[0].Extensions != nil {
		t.Error("StoreLogs changed the entries that it was given")
	}
	s.Close()
	s = openLog(t, d, Options{})
	for _, w := range want {
		var got raft.Log
		if err := s.GetLog(w.Index, &got); err != nil {
			t.Fatalf("GetLog(%d) = %v", w.Index, err)
		}
		if diff := cmp.Diff(*w, got); diff != "" {
			t.Errorf("GetLog(%d) (-want +got):\n%s", w.Index, diff)
		}
	}
	if err := s.GetLog(99, new(raft.Log)); !errors.Is(err, raft.ErrLogNotFound) {
		t.Errorf("GetLog(99) = %v, want raft.ErrLogNotFound", err)
	}
	if _, err := s.Get([]byte("absent")); err == nil || err.Error() != "not found" {
		t.Errorf("Get(absent) = %v, want the text that raft compares: not found", err)
	}
}

func TestFailedWriteEndsTheStore(t *testing.T) {
	disk := errors.New("disk on fire")
	for _, c := range []struct {
		name   string
		faults Faults
		write  func(*Store) error
	}{
		{"append", Faults{BeforeStore: func([]*raft.Log) error { return disk }}, func(s *Store) error { return s.StoreLogs(entries(1, 1)) }},
		{"append one", Faults{BeforeStore: func([]*raft.Log) error { return disk }}, func(s *Store) error { return s.StoreLog(entries(1, 1)[0]) }},
		{"append, on disk", Faults{AfterStore: func([]*raft.Log) error { return disk }}, func(s *Store) error { return s.StoreLogs(entries(1, 1)) }},
		{"term", Faults{BeforeSet: func(string) error { return disk }}, func(s *Store) error { return s.SetUint64([]byte("CurrentTerm"), 2) }},
		{"vote", Faults{BeforeSet: func(string) error { return disk }}, func(s *Store) error { return s.Set([]byte(keyLastVoteCand), nil) }},
		{"delete", Faults{BeforeDelete: func(_, _ uint64) error { return disk }}, func(s *Store) error { store(t, s, 1, 3); return s.DeleteRange(1, 2) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var failures []error
			s := openLog(t, openDir(t, t.TempDir(), "a"), Options{
				Wrap: c.faults.Wrap, OnFailure: func(err error) { failures = append(failures, err) },
			})
			for range 2 {
				if err := c.write(s); !errors.Is(err, ErrFailed) || !errors.Is(err, disk) {
					t.Errorf("write = %v, want ErrFailed with the disk's error", err)
				}
				c.faults = Faults{} // the disk recovers; the store must not
				c.write = func(s *Store) error { return s.StoreLogs(entries(9, 9)) }
			}
			if len(failures) != 1 || !errors.Is(failures[0], disk) {
				t.Errorf("OnFailure got %v, want the disk's error once", failures)
			}
		})
	}
}

func TestStalledWriteEndsTheStoreThoughItSucceeds(t *testing.T) {
	var gate Gate
	waiting := gate.Shut()
	failed := make(chan error, 2)
	faults := Faults{BeforeStore: func([]*raft.Log) error { gate.Pass(); return nil }}
	s := openLog(t, openDir(t, t.TempDir(), "a"), Options{
		Wrap: faults.Wrap, StallTimeout: 20 * time.Millisecond, OnFailure: func(err error) { failed <- err },
	})
	wrote := make(chan error, 1)
	go func() { wrote <- s.StoreLogs(entries(1, 1)) }()
	<-waiting
	if err := <-failed; err == nil {
		t.Error("OnFailure(nil)")
	}
	select {
	case err := <-wrote:
		t.Fatalf("StoreLogs = %v while the disk was still writing: Raft would go on with another idea of the log", err)
	default:
	}
	gate.Open()
	if err := <-wrote; !errors.Is(err, ErrFailed) {
		t.Errorf("StoreLogs after the stall = %v, want ErrFailed though the disk took it", err)
	}
	if err := s.SetUint64([]byte("CurrentTerm"), 2); !errors.Is(err, ErrFailed) {
		t.Errorf("SetUint64 after the stall = %v, want ErrFailed", err)
	}
	if len(failed) != 0 {
		t.Error("OnFailure was called twice")
	}
}

// slowDelete is a disk on which each transaction takes a while.
type slowDelete struct {
	Backend
	each time.Duration
}

func (s slowDelete) DeleteRange(first, last uint64) error { time.Sleep(s.each); return nil }
func (s slowDelete) FirstIndex() (uint64, error)          { return 1, nil }
func (s slowDelete) LastIndex() (uint64, error)           { return 100 * chunkEntries, nil }

func TestLongDeletionIsNoStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := &failStop{Backend: slowDelete{each: time.Second}, stall: 10 * time.Second, fail: func(err error) { t.Errorf("OnFailure(%v)", err) }, closed: make(chan struct{})}
		if err := (&chunked{stop}).DeleteRange(1, 50*chunkEntries); err != nil {
			t.Errorf("DeleteRange of fifty chunks, a second each = %v", err)
		}
	})
}

func TestClosingIsNoFailure(t *testing.T) {
	s := openLog(t, openDir(t, t.TempDir(), "a"), Options{OnFailure: func(err error) { t.Errorf("OnFailure(%v)", err) }})
	if err := s.Close(); err != nil {
		t.Fatalf("Close = %v", err)
	}
	if err := s.StoreLogs(entries(1, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("StoreLogs after Close = %v, want ErrClosed", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close = %v", err)
	}
}

func TestLingeringWriteEndsItsGoroutineAtClose(t *testing.T) {
	faults := Faults{BeforeSet: func(string) error { return errors.New("no") }}
	failed := make(chan error, 1)
	s := openLog(t, openDir(t, t.TempDir(), "a"), Options{Linger: true, Wrap: faults.Wrap, OnFailure: func(err error) { failed <- err }})
	ended := make(chan bool, 1)
	go func() {
		returned := false
		defer func() { ended <- returned }()
		_ = s.SetUint64([]byte("CurrentTerm"), 5)
		returned = true
	}()
	<-failed
	s.Close()
	if <-ended {
		t.Error("SetUint64 returned: Raft would have panicked")
	}
}

// trail records what reaches the stable store, and can end the "process" before the n-th write.
type trail struct {
	Backend
	keys  []string
	crash int
}

var errCrash = errors.New("crash")

func (l *trail) write(key []byte, f func() error) error {
	if l.crash > 0 && len(l.keys)+1 >= l.crash {
		return errCrash
	}
	l.keys = append(l.keys, string(key))
	return f()
}

func (l *trail) Set(k, v []byte) error {
	return l.write(k, func() error { return l.Backend.Set(k, v) })
}
func (l *trail) SetUint64(k []byte, v uint64) error {
	return l.write(k, func() error { return l.Backend.SetUint64(k, v) })
}

// vote stores a vote as hashicorp/raft's persistVote does.
func vote(s raft.StableStore, term uint64, candidate string) error {
	if err := s.SetUint64([]byte(keyLastVoteTerm), term); err != nil {
		return err
	}
	return s.Set([]byte(keyLastVoteCand), []byte(candidate))
}

// voteAfterCrash votes for old in term 5, is cut off before the n-th write of a vote for new in term 6, and returns what is on disk.
func voteAfterCrash(t *testing.T, n int, layer func(Backend) Backend) (term uint64, candidate string) {
	t.Helper()
	disk := raft.NewInmemStore()
	if err := vote(layer(disk), 5, "old"); err != nil {
		t.Fatal(err)
	}
	if err := vote(layer(&trail{Backend: disk, crash: n}), 6, "new"); !errors.Is(err, errCrash) {
		t.Fatalf("vote = %v, want the crash", err)
	}
	term, err := disk.GetUint64([]byte(keyLastVoteTerm))
	if err != nil {
		t.Fatal(err)
	}
	cand, err := disk.Get([]byte(keyLastVoteCand))
	if err != nil {
		t.Fatal(err)
	}
	return term, string(cand)
}

func TestCrashNeverGivesAnOldCandidateTheNewTerm(t *testing.T) {
	ordered := func(b Backend) Backend { return &voteOrder{Backend: b} }
	for n := 1; n <= 2; n++ {
		if term, cand := voteAfterCrash(t, n, ordered); term == 6 && cand == "old" {
			t.Errorf("crash before write %d: %q has the vote of term 6, which nobody gave it", n, cand)
		}
	}
	plain := func(b Backend) Backend { return b }
	if term, cand := voteAfterCrash(t, 2, plain); term != 6 || cand != "old" {
		t.Errorf("without the layer: term %d, candidate %q; if raft no longer does this (hashicorp/raft#661), drop the layer", term, cand)
	}
}

func TestVoteIsStoredWhole(t *testing.T) {
	d := openDir(t, t.TempDir(), "a")
	s := openLog(t, d, Options{})
	if err := errors.Join(s.SetUint64([]byte("CurrentTerm"), 7), vote(s, 7, "me")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s = openLog(t, d, Options{})
	term, err1 := s.GetUint64([]byte("CurrentTerm"))
	voted, err2 := s.GetUint64([]byte(keyLastVoteTerm))
	cand, err3 := s.Get([]byte(keyLastVoteCand))
	if err := errors.Join(err1, err2, err3); err != nil || term != 7 || voted != 7 || string(cand) != "me" {
		t.Errorf("after a restart: term %d, vote %d for %q, %v; want 7, 7, me", term, voted, cand, err)
	}
}

// left deletes with a crash after n chunks, and returns which of the indexes are left.
func left(t *testing.T, size, first, last uint64, n int) []uint64 {
	t.Helper()
	disk := raft.NewInmemStore()
	for i := uint64(1); i <= size; i++ {
		if err := disk.StoreLog(&raft.Log{Index: i}); err != nil {
			t.Fatal(err)
		}
	}
	// InmemStore keeps its own low and high index; the indexes themselves are what counts here.
	faults := Faults{BeforeDelete: func(_, _ uint64) error {
		if n--; n < 0 {
			return errCrash
		}
		return nil
	}}
	err := (&chunked{faults.Wrap(disk)}).DeleteRange(first, last)
	if err != nil && !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	var rest []uint64
	for i := uint64(1); i <= size; i++ {
		if disk.GetLog(i, new(raft.Log)) == nil {
			rest = append(rest, i)
		}
	}
	return rest
}

func TestCrashInALongDeletionLeavesNoHole(t *testing.T) {
	const size = 5*chunkEntries + 17
	for _, c := range []struct{ first, last uint64 }{
		{1, size}, {1, size - 1}, {1, 3 * chunkEntries}, {2*chunkEntries + 3, size}, {size, size}, {1, 1}, {3, 1<<64 - 1}, {0, 5},
	} {
		for n := range 8 {
			rest := left(t, size, c.first, c.last, n)
			for i := 1; i < len(rest); i++ {
				if rest[i] != rest[i-1]+1 {
					t.Errorf("DeleteRange(%d, %d) cut off after %d chunks: a hole between %d and %d", c.first, c.last, n, rest[i-1], rest[i])
				}
			}
		}
		rest := left(t, size, c.first, c.last, 1000)
		var want []uint64
		for i := uint64(1); i <= size; i++ {
			if i < c.first || i > c.last {
				want = append(want, i)
			}
		}
		if !slices.Equal(rest, want) {
			t.Errorf("DeleteRange(%d, %d) left %d entries, want %d", c.first, c.last, len(rest), len(want))
		}
	}
}

func TestCountsSayWhatOneWriteCosts(t *testing.T) {
	s := openLog(t, openDir(t, t.TempDir(), "a"), Options{})
	commits, syncs := s.Commits(), s.Syncs()
	for i := uint64(1); i <= 10; i++ {
		store(t, s, i, i)
	}
	if got := s.Commits() - commits; got != 10 {
		t.Errorf("ten appends = %d commits in the file, want 10", got)
	}
	least := map[Kind]uint64{Bolt: 20, WAL: 10}[testKind]
	if got := s.Syncs() - syncs; got < least || got > least+1 {
		t.Errorf("ten appends = %d syncs, want %d, and one more if a file grew", got, least)
	}
	h := s.AppendSeconds()
	if s.Appends.Load() != 10 || s.Entries.Load() != 10 || s.Bytes.Load() == 0 || h.Count != 10 || h.Sum <= 0 || len(h.Counts) != len(h.Bounds)+1 {
		t.Errorf("counts: %d appends, %d entries, %d bytes, %+v", s.Appends.Load(), s.Entries.Load(), s.Bytes.Load(), h)
	}
}

func TestLoseTailForgetsFiveCommands(t *testing.T) {
	s := openLog(t, openDir(t, t.TempDir(), "a"), Options{})
	store(t, s, 1, 20)
	if err := s.StoreLogs([]*raft.Log{{Index: 21, Type: raft.LogNoop}, {Index: 22, Type: raft.LogCommand}, {Index: 23, Type: raft.LogConfiguration}}); err != nil {
		t.Fatal(err)
	}
	if err := loseTail(s); err != nil {
		t.Fatal(err)
	}
	if got := ends(t, s); got != [2]uint64{1, 16} {
		t.Errorf("after loseTail the log is %v, want 1 to 16: five commands less", got)
	}
}
