package raftlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

func TestFailureIsReportedOnce(t *testing.T) {
	var gate Gate
	waiting := gate.Shut()
	failed := make(chan error, 4)
	faults := Faults{BeforeStore: func([]*raft.Log) error { gate.Pass(); return errors.New("and broken too") }}
	s := openLog(t, openDir(t, t.TempDir(), "a"), Options{
		Wrap: faults.Wrap, StallTimeout: 10 * time.Millisecond, OnFailure: func(err error) { failed <- err },
	})
	wrote := make(chan error, 1)
	go func() { wrote <- s.StoreLogs(entries(1, 1)) }()
	<-waiting
	<-failed // the stall
	gate.Open()
	if err := <-wrote; !errors.Is(err, ErrFailed) {
		t.Errorf("StoreLogs = %v, want ErrFailed", err)
	}
	if len(failed) != 0 {
		t.Errorf("OnFailure was called again: %v", <-failed)
	}
}

func TestStoreDeletesInChunks(t *testing.T) {
	var sizes []uint64
	faults := Faults{BeforeDelete: func(first, last uint64) error { sizes = append(sizes, last-first+1); return nil }}
	s := openLog(t, openKind(t, t.TempDir(), "a", Bolt), Options{Wrap: faults.Wrap})
	var logs []*raft.Log
	for i := uint64(1); i <= 2*chunkEntries+10; i++ {
		logs = append(logs, &raft.Log{Index: i})
	}
	if err := errors.Join(s.StoreLogs(logs), s.DeleteRange(1, 2*chunkEntries+5)); err != nil {
		t.Fatal(err)
	}
	if len(sizes) != 3 || sizes[0] != chunkEntries || sizes[2] != 5 {
		t.Errorf("deletions of %v entries, want %d, %d and 5", sizes, chunkEntries, chunkEntries)
	}
	if got := ends(t, s); got != [2]uint64{2*chunkEntries + 6, 2*chunkEntries + 10} {
		t.Errorf("what is left is %v", got)
	}
}

func TestCountsBeginAtZero(t *testing.T) {
	d := openDir(t, t.TempDir(), "a")
	s := openLog(t, d, Options{})
	store(t, s, 1, 3)
	s.Close()
	if got := openLog(t, d, Options{}).Commits(); got != 0 {
		t.Errorf("Commits of a log that was just opened = %d, want 0", got)
	}
}

func TestLogWithAHoleIsRefused(t *testing.T) {
	d := openKind(t, t.TempDir(), "a", Bolt)
	s := openLog(t, d, Options{})
	store(t, s, 1, 5)
	if err := errors.Join(s.disk.DeleteRange(3, 3), s.Close()); err != nil {
		t.Fatal(err)
	}
	refused(t, d, "entry 3 is missing")
	snapshot(t, d, 2)
	refused(t, d, "entry 3 is missing, and the snapshot does not hold it")
	snapshot(t, d, 3)
	openLog(t, d, Options{}).Close()
}

// TestGapUnderASnapshotIsNoDamage: a follower that was sent a snapshot goes on behind it, and may keep what it had before.
func TestGapUnderASnapshotIsNoDamage(t *testing.T) {
	d := openDir(t, t.TempDir(), "a")
	s := openLog(t, d, Options{})
	store(t, s, 1, 5)
	snapshot(t, d, 500)
	store(t, s, 501, 503)
	s.Close()
	if _, err := Verify(d); err != nil {
		t.Errorf("Verify = %v", err)
	}
	s = openLog(t, d, Options{})
	want := map[Kind][2]uint64{Bolt: {1, 503}, WAL: {501, 503}}[testKind]
	if got := ends(t, s); got != want {
		t.Errorf("the log is %v, want %v", got, want)
	}
}

func TestLogWithoutItsSnapshotsIsRefused(t *testing.T) {
	d := openDir(t, t.TempDir(), "a")
	fill(t, d)
	if err := os.RemoveAll(filepath.Join(d.Path(), snapshotsName)); err != nil {
		t.Fatal(err)
	}
	refused(t, d, "log from 21 on, without the snapshot up to 20")
}

func TestEmptiedLogIsWhole(t *testing.T) {
	d := openDir(t, t.TempDir(), "a")
	fill(t, d)
	s := openLog(t, d, Options{})
	if err := errors.Join(s.DeleteRange(21, 90), s.Close()); err != nil {
		t.Fatal(err)
	}
	openLog(t, d, Options{}).Close()
	if found, err := Verify(d); err != nil || found != (Summary{Term: 3}) {
		t.Errorf("Verify = %+v, %v, want an empty log in term 3", found, err)
	}
}

// pagesOf returns the content of a filled log, and its newer meta page.
func pagesOf(t *testing.T) (*Dir, []byte, meta) {
	t.Helper()
	d := openKind(t, t.TempDir(), "a", Bolt)
	fill(t, d)
	content, err := os.ReadFile(d.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	m, err := readMetas(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return d, content, m
}

// TestShortenedPageIsNoticed: a smaller count in the log's last page would quietly take its newest entries away.
func TestShortenedPageIsNoticed(t *testing.T) {
	_, content, m := pagesOf(t)
	w := &walk{f: bytes.NewReader(content), meta: m, seen: make([]bool, m.pages), covered: 20}
	if err := w.bucket(m.root, nil, 0); err != nil {
		t.Fatalf("whole file: %v", err)
	}
	tried := 0
	for id, reached := range w.seen {
		head := content[id*int(m.pageSize):][:pageHeader]
		count := binary.LittleEndian.Uint16(head[10:])
		if !reached || binary.LittleEndian.Uint64(head) != uint64(id) || count == 0 {
			continue
		}
		for _, less := range []uint16{count - 1, 0} {
			broken := bytes.Clone(content)
			binary.LittleEndian.PutUint16(broken[id*int(m.pageSize)+10:], less)
			tried++
			if err := checkPages(bytes.NewReader(broken), m, 20); err == nil {
				t.Errorf("page %d with %d instead of %d entries passed", id, less, count)
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d pages were tried", tried)
	}
}

func TestPageIsReferredToOnce(t *testing.T) {
	_, content, m := pagesOf(t)
	w := &walk{f: bytes.NewReader(content), meta: m, seen: make([]bool, m.pages), covered: 20}
	if _, err := w.read(m.root); err != nil {
		t.Fatal(err)
	}
	if _, err := w.read(m.root); err == nil {
		t.Error("a page was read twice: a tree with a circle has no end")
	}
}

func TestFileShorterThanItsPagesIsRefused(t *testing.T) {
	_, content, m := pagesOf(t)
	if _, err := readMetas(bytes.NewReader(content), int64(m.pages)*m.pageSize-1); err == nil {
		t.Error("readMetas of a file that ends within its pages = nil: bbolt's memory map would end the process with SIGBUS")
	}
}
