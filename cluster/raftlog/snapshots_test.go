package raftlog

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
)

// openedSnapshots opens the snapshots of a directory, two of which are kept.
func openedSnapshots(t *testing.T, d *Dir) *Snapshots {
	t.Helper()
	s, err := OpenSnapshots(d, 2, silent())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// taken takes a snapshot at an index.
func taken(t *testing.T, s raft.SnapshotStore, index uint64, content string) string {
	t.Helper()
	sink, err := s.Create(1, index, 3, raft.Configuration{}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(sink, content); err != nil {
		t.Fatal(err)
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	return sink.ID()
}

// there lists what a folder of the data directory holds.
func there(t *testing.T, d *Dir, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(d.Path(), folder))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// isLeft holds what is there, once what was retired has had its time in the bubble, to a number of snapshots.
func isLeft(t *testing.T, d *Dir, want int) {
	t.Helper()
	time.Sleep(10 * removeEvery)
	synctest.Wait()
	if got := there(t, d, snapshotsName); len(got) != want || slices.ContainsFunc(got, func(n string) bool { return strings.HasSuffix(n, unfinished) }) {
		t.Errorf("%v are there, want %d snapshots", got, want)
	}
}

// TestTwoSnapshotsAreKept takes four: the newest two are listed, and the others go, slowly.
func TestTwoSnapshotsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDir(t, filepath.Join(t.TempDir(), "data"), "n1")
		s := openedSnapshots(t, d)
		var ids []string
		for i := range uint64(4) {
			ids = append(ids, taken(t, s, i+1, "content"))
		}
		list, err := s.List()
		if err != nil || len(list) != 2 || list[0].ID != ids[3] || list[1].ID != ids[2] {
			t.Errorf("listed %v, %v, want %v and %v", list, err, ids[3], ids[2])
		}
		isLeft(t, d, 2)
		s.Close()
	})
}

// TestASnapshotThatIsReadStaysWhole takes two more while the first is read.
func TestASnapshotThatIsReadStaysWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDir(t, filepath.Join(t.TempDir(), "data"), "n1")
		s := openedSnapshots(t, d)
		text := strings.Repeat("content ", 1000)
		first := taken(t, s, 1, text)
		_, content, err := s.Open(first)
		if err != nil {
			t.Fatal(err)
		}
		_, other, err := s.Open(first)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time says nothing
			_ = other.Close()
		}
		taken(t, s, 2, "")
		taken(t, s, 3, "")
		isLeft(t, d, 3)
		if list, _ := s.List(); len(list) != 2 {
			t.Errorf("%d are listed, want 2", len(list))
		}
		if got, err := io.ReadAll(content); err != nil || string(got) != text {
			t.Errorf("read %d bytes of %d: %v", len(got), len(text), err)
		}
		_ = content.Close()
		isLeft(t, d, 2)
		if _, _, err := s.Open("9-9-9"); err == nil {
			t.Error("a snapshot that is not there was opened")
		}
		if len(s.read) != 0 {
			t.Errorf("readers of %v are left", s.read)
		}
		s.Close()
	})
}

// TestWhatACrashLeftIsRemoved finds a snapshot that was being written, or removed, and one too many.
func TestWhatACrashLeftIsRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDir(t, filepath.Join(t.TempDir(), "data"), "n1")
		s := openedSnapshots(t, d)
		taken(t, s, 1, "")
		half := s.path("2-7-7" + unfinished)
		if err := os.Mkdir(half, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(half, "state.bin"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.Close()
		plain, err := raft.NewFileSnapshotStoreWithLogger(d.Path(), 9, silent())
		if err != nil {
			t.Fatal(err)
		}
		taken(t, plain, 5, "")
		taken(t, plain, 6, "")
		s = openedSnapshots(t, d)
		isLeft(t, d, 2)
		s.Close()
	})
}

// TestASnapshotThatFailedLeavesNothing: the library leaves it where it cannot give it its name.
func TestASnapshotThatFailedLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDir(t, filepath.Join(t.TempDir(), "data"), "n1")
		s := openedSnapshots(t, d)
		for _, fails := range []bool{false, true} {
			sink, err := s.Create(1, 2, 3, raft.Configuration{}, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			if fails {
				if err := os.MkdirAll(filepath.Join(s.path(sink.ID()), "in the way"), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := sink.Close(); err == nil {
					t.Error("a snapshot got a name that is taken")
				}
			} else if err := sink.Cancel(); err != nil {
				t.Error(err)
			}
			time.Sleep(10 * removeEvery)
			synctest.Wait()
			if path := s.path(sink.ID() + unfinished); exists(path) {
				t.Errorf("fails %v: %s is still there", fails, path)
			}
		}
		s.Close()
	})
}

// TestNobodyIsWarnedOfASnapshotThatIsBeingWritten lists while one is, and while another cannot be read.
func TestNobodyIsWarnedOfASnapshotThatIsBeingWritten(t *testing.T) {
	d := openDir(t, filepath.Join(t.TempDir(), "data"), "n1")
	var said bytes.Buffer
	s, err := OpenSnapshots(d, 2, NewLogger(slog.New(slog.NewTextHandler(&said, nil))))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sink, err := s.Create(1, 2, 3, raft.Configuration{}, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sink.Cancel() }()
	if _, err := s.List(); err != nil || strings.Contains(said.String(), "WARN") {
		t.Errorf("%v; the log says %s", err, said.String())
	}
	if err := os.Mkdir(filepath.Join(d.Path(), snapshotsName, "1-1-1"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(); err != nil || !strings.Contains(said.String(), "failed to read metadata") {
		t.Errorf("%v; the log says nothing of one that cannot be read: %s", err, said.String())
	}
}

// TestALargeFileIsRemovedInPieces sees it become smaller, a piece at a time.
func TestALargeFileIsRemovedInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state.bin")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, 2*removePiece+1); err != nil { // sparse
			t.Fatal(err)
		}
		r := remover{pieces: true}
		r.add(path)
		var sizes []int64
		for range 4 {
			synctest.Wait()
			size := int64(-1)
			if info, err := os.Stat(path); err == nil {
				size = info.Size()
			}
			sizes = append(sizes, size)
			time.Sleep(removeEvery)
		}
		r.close()
		if want := []int64{removePiece + 1, 1, -1, -1}; sizes[0] != want[0] || sizes[1] != want[1] || sizes[2] != want[2] || sizes[3] != want[3] {
			t.Errorf("sizes were %v, want %v", sizes, want)
		}
		r.add(path) // after close nothing is begun
	})
}

// TestASegmentIsRemovedWhole: somebody may still be reading it.
func TestASegmentIsRemovedWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "1.wal")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, 2*removePiece); err != nil { // sparse
			t.Fatal(err)
		}
		var r remover
		r.add(path)
		synctest.Wait()
		if info, err := os.Stat(path); err == nil {
			t.Errorf("%d bytes are left", info.Size())
		}
		r.close()
	})
}
