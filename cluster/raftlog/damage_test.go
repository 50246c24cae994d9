package raftlog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"
)

// snapshot leaves a snapshot up to index in the directory, as raft does.
func snapshot(t *testing.T, d *Dir, index uint64) {
	t.Helper()
	store, err := raft.NewFileSnapshotStoreWithLogger(d.Path(), 2, silent())
	if err != nil {
		t.Fatal(err)
	}
	sink, err := store.Create(raft.SnapshotVersionMax, index, 1, raft.Configuration{}, 1, nil)
	if err == nil {
		err = sink.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fill writes a log with branches, overflow pages, freed pages, a term and a vote, and returns what a reader must find.
func fill(t *testing.T, d *Dir) []*raft.Log {
	t.Helper()
	s := openLog(t, d, Options{})
	for i := uint64(1); i <= 100; i += 10 {
		store(t, s, i, i+9)
	}
	if err := errors.Join(s.DeleteRange(91, 100), s.SetUint64([]byte("CurrentTerm"), 3), vote(s, 3, "me")); err != nil {
		t.Fatal(err)
	}
	snapshot(t, d, 20)
	if err := errors.Join(s.DeleteRange(1, 20), s.Close()); err != nil {
		t.Fatal(err)
	}
	return entries(21, 90)
}

// wholeOrDamaged fails the test unless the log is whole, or is said to be damaged, where and what to do.
func wholeOrDamaged(t *testing.T, d *Dir, want []*raft.Log, what string) (whole bool) {
	t.Helper()
	var logs []*raft.Log
	found, err := verify(d, func(l *raft.Log) { logs = append(logs, l) })
	if err != nil {
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), d.LogPath()) || !strings.Contains(err.Error(), "new id") {
			t.Errorf("%s: %v, want ErrDamaged with file and cure", what, err)
		}
		return false
	}
	if found.Term != 3 {
		t.Errorf("%s: term %d, want 3 or ErrDamaged", what, found.Term)
	}
	if !slices.EqualFunc(want, logs, sameEntry) {
		t.Errorf("%s: the log is another one, and nobody said so: %d entries instead of %d", what, len(logs), len(want))
	}
	return true
}

func sameEntry(a, b *raft.Log) bool {
	return a.Index == b.Index && a.Term == b.Term && a.Type == b.Type && a.AppendedAt.Equal(b.AppendedAt) &&
		bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Extensions, b.Extensions)
}

// refused fails the test unless the log is refused by OpenLog and by Verify alike, with file and cure.
func refused(t *testing.T, d *Dir, what string) {
	t.Helper()
	if wholeOrDamaged(t, d, nil, what) {
		t.Errorf("%s: Verify found nothing", what)
	}
	s, err := OpenLog(d, Options{})
	if err == nil {
		s.Close()
	}
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), d.LogPath()) {
		t.Errorf("%s: OpenLog = %v, want ErrDamaged", what, err)
	}
}

// TestFlippedBitsNeverChangeTheLog flips bits in every page's head and all over the file: whoever opens it afterwards gets the log
// that was stored or ErrDamaged, never a panic and never another log.
func TestFlippedBitsNeverChangeTheLog(t *testing.T) {
	d := openKind(t, t.TempDir(), "a", Bolt)
	want := fill(t, d)
	original, err := os.ReadFile(d.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	m, err := readMetas(bytes.NewReader(original), int64(len(original)))
	if err != nil {
		t.Fatal(err)
	}
	original = original[:int(m.pages)*int(m.pageSize)] // bbolt lets the file grow far ahead
	var places []int
	random := rand.New(rand.NewPCG(1, 2))
	for p := range int(m.pages) {
		places = append(places, p*int(m.pageSize)+random.IntN(64))
	}
	for range 100 {
		places = append(places, random.IntN(int(m.pages)*int(m.pageSize)))
	}
	found := 0
	for _, at := range places {
		broken := bytes.Clone(original)
		broken[at] ^= 1 << random.IntN(8)
		if err := os.WriteFile(d.LogPath(), broken, 0o600); err != nil {
			t.Fatal(err)
		}
		if !wholeOrDamaged(t, d, want, "flipped bit") {
			found++
		}
		if t.Failed() {
			t.Fatalf("bit flipped at %d: page %d, byte %d", at, at/int(m.pageSize), at%int(m.pageSize))
		}
	}
	t.Logf("%d of %d flips were found, the others hit free space", found, len(places))
	if found < len(places)/4 {
		t.Errorf("only %d of %d flips were found: the test does not hit the log", found, len(places))
	}
}

func TestTruncatedLogIsRefused(t *testing.T) {
	d := openKind(t, t.TempDir(), "a", Bolt)
	fill(t, d)
	original, err := os.ReadFile(d.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	m, err := readMetas(bytes.NewReader(original), int64(len(original)))
	if err != nil {
		t.Fatal(err)
	}
	inUse := int(m.pages) * int(m.pageSize)
	for _, size := range []int{0, 1, 79, 4095, 4096, 8191, 8192, inUse / 2, inUse - 4096, inUse - 1} {
		if err := os.WriteFile(d.LogPath(), original[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, d, fmt.Sprintf("%d bytes cut to %d", len(original), size))
	}
}

func TestForeignContentIsRefused(t *testing.T) {
	d := openKind(t, t.TempDir(), "a", Bolt)
	fill(t, d)
	for _, content := range []string{"x", "not a log at all", strings.Repeat("z", 1<<16), string(make([]byte, 1<<16))} {
		if err := os.WriteFile(d.LogPath(), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, d, fmt.Sprintf("begins with %.10q", content))
	}
}

func TestOldMetaPageIsNotFallenBackOn(t *testing.T) {
	d := openKind(t, t.TempDir(), "a", Bolt)
	fill(t, d)
	original, err := os.ReadFile(d.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []int{0, 4096} {
		broken := bytes.Clone(original)
		broken[p+pageHeader+50] ^= 1 // the transaction id
		if err := os.WriteFile(d.LogPath(), broken, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := bbolt.Open(d.LogPath(), 0o600, &bbolt.Options{ReadOnly: true})
		if err != nil {
			t.Fatalf("bbolt.Open = %v; if it refuses one damaged meta page itself, readMetas need not", err)
		}
		db.Close()
		refused(t, d, "one meta page damaged: the last commit may be gone")
	}
}

func TestLogOfAnotherNodeIsRefused(t *testing.T) {
	a, b := openKind(t, t.TempDir(), "a", Bolt), openKind(t, t.TempDir(), "b", Bolt)
	fill(t, a)
	fill(t, b)
	content, err := os.ReadFile(a.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.LogPath(), content, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, b, "log of another node")
}

func TestLogIsNeverMadeTwice(t *testing.T) {
	path := t.TempDir()
	d := openKind(t, path, "a", Bolt)
	openLog(t, d, Options{}).Close() // no cluster yet, but it may have voted
	d.Close()
	for _, hurt := range []func(string) error{os.Remove, func(f string) error { return os.WriteFile(f, nil, 0o600) }} {
		if err := hurt(filepath.Join(path, boltName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if _, err := OpenDir(path, "a"); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "new id") {
			t.Errorf("OpenDir without its log = %v, want ErrDamaged with the cure", err)
		}
	}
}

func TestLogThatWasHalfMadeIsMadeAnew(t *testing.T) {
	d := openKind(t, t.TempDir(), "a", Bolt)
	if err := os.WriteFile(d.LogPath(), []byte("half a page"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openLog(t, d, Options{})
	store(t, s, 1, 3)
}

func TestLogFailureWhileReadingEndsTheNode(t *testing.T) {
	d := openKind(t, t.TempDir(), "a", Bolt)
	openLog(t, d, Options{}).Close()
	var failures []error
	s := openLog(t, d, Options{
		OnFailure: func(err error) { failures = append(failures, err) },
		Wrap: func(b Backend) Backend {
			if err := b.(*checksums).Backend.StoreLog(&raft.Log{Index: 1, Extensions: []byte{1, 2, 3, 4}}); err != nil {
				t.Fatal(err)
			}
			return b
		},
	})
	if err := s.GetLog(1, new(raft.Log)); !errors.Is(err, ErrDamaged) {
		t.Errorf("GetLog of a damaged entry = %v, want ErrDamaged", err)
	}
	if len(failures) != 1 || !errors.Is(failures[0], ErrDamaged) {
		t.Errorf("OnFailure got %v, want ErrDamaged", failures)
	}
}

// FuzzPages: no content of the file makes the check panic or run for ever.
func FuzzPages(f *testing.F) {
	path := filepath.Join(f.TempDir(), "x.db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{PageSize: 1024, NoFreelistSync: true})
	if err != nil {
		f.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{"logs", "conf"} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		for i := range byte(40) {
			if err := tx.Bucket([]byte("logs")).Put([]byte{0, 0, 0, 0, 0, 0, 0, i + 1}, make([]byte, 50)); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		f.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	m, err := readMetas(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		f.Fatal(err)
	}
	if err := checkPages(bytes.NewReader(content), m, 0); err != nil {
		f.Fatalf("checkPages of a whole file = %v", err)
	}
	body := content[2*1024 : m.pages*1024]
	f.Add(body, m.root)
	f.Add(body[:1024], uint64(2))
	f.Fuzz(func(_ *testing.T, body []byte, root uint64) {
		file := append(make([]byte, 2*1024), body...)
		_ = checkPages(bytes.NewReader(file), meta{pageSize: 1024, root: root, pages: uint64(len(file) / 1024)}, 3)
	})
}
