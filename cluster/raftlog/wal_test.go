package raftlog

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
	"github.com/hashicorp/raft-wal/segment"
)

// TestBoltToo holds what every kind must do for the kind that is not the default.
func TestBoltToo(t *testing.T) {
	testKind = Bolt
	defer func() { testKind = DefaultKind }()
	for name, test := range map[string]func(*testing.T){
		"entries": TestEntriesComeBackAsTheyWere, "failed write": TestFailedWriteEndsTheStore, "stall": TestStalledWriteEndsTheStoreThoughItSucceeds,
		"closing": TestClosingIsNoFailure, "linger": TestLingeringWriteEndsItsGoroutineAtClose, "vote": TestVoteIsStoredWhole,
		"counts": TestCountsSayWhatOneWriteCosts, "lose tail": TestLoseTailForgetsFiveCommands, "report": TestFailureIsReportedOnce,
		"begin at zero": TestCountsBeginAtZero, "gap": TestGapUnderASnapshotIsNoDamage, "no snapshots": TestLogWithoutItsSnapshotsIsRefused,
		"emptied": TestEmptiedLogIsWhole, "looking": TestLookingAtADirectoryChangesNothing, "model": TestLogDoesWhatAListDoes,
	} {
		t.Run(name, test)
	}
}

// tail returns the path of the newest segment and its content.
func tail(t *testing.T, d *Dir) (string, []byte) {
	t.Helper()
	m, err := readWALMeta(d.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(d.LogPath(), segment.FileName(m.Segments[len(m.Segments)-1]))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, data
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func segments(t *testing.T, d *Dir) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(d.LogPath(), "*.wal"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// fillWAL is fill with segments that are sealed on the way.
func fillWAL(t *testing.T) (*Dir, []*raft.Log) {
	t.Helper()
	d := openKind(t, t.TempDir(), "a", WAL)
	s := openLog(t, d, Options{SegmentBytes: 128 << 10})
	for i := uint64(1); i <= 100; i += 10 {
		store(t, s, i, i+9)
	}
	if err := errors.Join(s.DeleteRange(91, 100), s.SetUint64([]byte("CurrentTerm"), 3), vote(s, 3, "me")); err != nil {
		t.Fatal(err)
	}
	snapshot(t, d, 20)
	if err := s.DeleteRange(1, 20); err != nil {
		t.Fatal(err)
	}
	store(t, s, 91, 93)
	store(t, s, 94, 96)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if found := segments(t, d); len(found) < 3 {
		t.Fatalf("segments %v: nothing was sealed", found)
	}
	return d, entries(21, 96)
}

// TestFlippedBitsNeverChangeTheWAL flips bits all over what was written: whoever opens the log gets what was stored, or ErrDamaged.
func TestFlippedBitsNeverChangeTheWAL(t *testing.T) {
	d, want := fillWAL(t)
	wholeOrDamaged(t, d, want, "untouched")
	random := rand.New(rand.NewPCG(1, 2))
	for _, path := range append(segments(t, d), filepath.Join(d.LogPath(), walMetaName)) {
		original, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		used := bytes.TrimRight(original, "\x00")
		for n := range 150 {
			at := random.IntN(len(used))
			if n < 40 {
				at = n % len(used) // all of the head, and the first frame
			}
			broken := bytes.Clone(original)
			broken[at] ^= 1 << random.IntN(8)
			write(t, path, broken)
			if wholeOrDamaged(t, d, want, "flipped bit") {
				t.Errorf("%s: a bit flipped at %d of %d was not noticed", filepath.Base(path), at, len(used))
			}
			if t.Failed() {
				t.Fatalf("%s: bit flipped at %d of %d", filepath.Base(path), at, len(used))
			}
		}
		write(t, path, original)
	}
	openLog(t, d, Options{}).Close()
	wholeOrDamaged(t, d, want, "opened")
}

func TestTruncatedWALIsRefused(t *testing.T) {
	d, _ := fillWAL(t)
	tailPath, _ := tail(t, d)
	for _, path := range append(segments(t, d), filepath.Join(d.LogPath(), walMetaName)) {
		original, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		used := len(bytes.TrimRight(original, "\x00"))
		for _, size := range []int{0, 1, 31, 32, 4096, used / 2, used - 1, used} {
			if size >= len(original) || path != tailPath && size == used {
				continue // nothing but zeros behind the last frame
			}
			write(t, path, original[:size])
			refused(t, d, filepath.Base(path)+" was cut")
		}
		write(t, path, original)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		if filepath.Base(path) != walMetaName {
			refused(t, d, filepath.Base(path)+" is missing")
		} else if _, err := OpenLog(d, Options{}); !errors.Is(err, ErrDamaged) {
			t.Errorf("OpenLog without meta = %v, want ErrDamaged", err)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
	}
	openLog(t, d, Options{}).Close()
}

// TestTornWriteIsForgottenAndNothingElse: a crash leaves any of the sectors of the write that was under way, and everything before it.
func TestTornWriteIsForgottenAndNothingElse(t *testing.T) {
	d := openKind(t, t.TempDir(), "a", WAL)
	s := openLog(t, d, Options{})
	store(t, s, 1, 30)
	path, before := tail(t, d)
	store(t, s, 31, 50)
	s.Close()
	_, after := tail(t, d)
	start, end := len(bytes.TrimRight(before, "\x00")), len(bytes.TrimRight(after, "\x00"))
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		torn, lost := bytes.Clone(after), false
		share := random.IntN(100)
		for at := start; at < end; at = (at/sectorBytes + 1) * sectorBytes {
			if random.IntN(100) < share {
				stop := min((at/sectorBytes+1)*sectorBytes, end)
				lost = lost || len(bytes.Trim(torn[at:stop], "\x00")) > 0
				clear(torn[at:stop])
			}
		}
		if !lost {
			continue
		}
		write(t, path, torn)
		if found, err := Verify(d); err != nil || found.Last != 30 {
			t.Fatalf("Verify of a log with a torn write = %+v, %v, want 1 to 30", found, err)
		}
		s, err := OpenLog(d, Options{})
		if err != nil {
			t.Fatalf("OpenLog after a torn write = %v", err)
		}
		store(t, s, 31, 33)
		s.Close()
		if found, err := Verify(d); err != nil || found.Last != 33 {
			t.Fatalf("Verify after going on = %+v, %v, want 1 to 33", found, err)
		}
	}
}

// TestLostSectorBelowTheNewestWriteIsDamage: what was synced is not taken for torn, whatever lies behind it.
func TestLostSectorBelowTheNewestWriteIsDamage(t *testing.T) {
	d := openKind(t, t.TempDir(), "a", WAL)
	s := openLog(t, d, Options{})
	store(t, s, 1, 30)
	path, before := tail(t, d)
	store(t, s, 31, 50)
	s.Close()
	_, after := tail(t, d)
	for at := 0; at+2*sectorBytes < len(bytes.TrimRight(before, "\x00")); at += sectorBytes {
		broken := bytes.Clone(after)
		clear(broken[at : at+sectorBytes])
		write(t, path, broken)
		refused(t, d, "a sector was lost")
		if t.Failed() {
			t.Fatalf("sector at %d", at)
		}
	}
}

// TestSealedSegmentWithoutItsRecordIsGoneOnWith: a crash may come between the two. raft-wal alone refuses all writes then.
func TestSealedSegmentWithoutItsRecordIsGoneOnWith(t *testing.T) {
	d := openKind(t, t.TempDir(), "a", WAL)
	s := openLog(t, d, Options{SegmentBytes: 64 << 10})
	meta := filepath.Join(d.LogPath(), walMetaName)
	old, err := os.ReadFile(meta)
	if err != nil {
		t.Fatal(err)
	}
	last := uint64(0)
	for len(segments(t, d)) < 2 {
		last++
		store(t, s, last, last)
	}
	s.Close()
	m, err := readWALMeta(d.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	last = m.Segments[0].MaxIndex
	found := segments(t, d)
	path, sealed := found[0], []byte(nil)
	if sealed, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	used := len(bytes.TrimRight(sealed, "\x00"))
	for _, end := range []int{used, used - 4, used - used%sectorBytes} { // whole, and torn within the index
		write(t, meta, old)
		torn := bytes.Clone(sealed)
		clear(torn[end/sectorBytes*sectorBytes:])
		if end == used {
			copy(torn, sealed)
		}
		write(t, path, torn)
		for _, newer := range found[1:] {
			if err := os.Remove(newer); err != nil && end == used {
				t.Fatal(err)
			}
		}
		s := openLog(t, d, Options{SegmentBytes: 64 << 10})
		got := ends(t, s)
		if end == used && got != [2]uint64{1, last} {
			t.Errorf("a sealed segment without its record = %v, want 1 to %d", got, last)
		}
		store(t, s, got[1]+1, got[1]+40)
		s.Close()
		if _, err := Verify(d); err != nil {
			t.Errorf("Verify after going on = %v", err)
		}
		for _, extra := range segments(t, d)[1:] {
			os.Remove(extra)
		}
	}
}

// TestOlderRecordIsRefused: segments that it does not know would otherwise be removed as leftovers.
func TestOlderRecordIsRefused(t *testing.T) {
	d := openKind(t, t.TempDir(), "a", WAL)
	s := openLog(t, d, Options{SegmentBytes: 64 << 10})
	store(t, s, 1, 2)
	meta := filepath.Join(d.LogPath(), walMetaName)
	old, err := os.ReadFile(meta)
	if err != nil {
		t.Fatal(err)
	}
	for i := uint64(3); len(segments(t, d)) < 3; i++ {
		store(t, s, i, i)
	}
	s.Close()
	before := segments(t, d)
	write(t, meta, old)
	if _, err := OpenLog(d, Options{}); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "older") {
		t.Errorf("OpenLog with an older record = %v, want ErrDamaged", err)
	}
	if after := segments(t, d); len(after) != len(before) {
		t.Errorf("%d segments of %d are left: it removed them", len(after), len(before))
	}
}

func TestWALOfAnotherNodeIsRefused(t *testing.T) {
	a, _ := fillWAL(t)
	b, _ := fillWAL(t)
	if err := errors.Join(os.RemoveAll(b.LogPath()), os.CopyFS(b.LogPath(), os.DirFS(a.LogPath()))); err != nil {
		t.Fatal(err)
	}
	refused(t, b, "log of another node")
}

// TestKindIsForLife: the other flag neither starts empty nor touches anything.
func TestKindIsForLife(t *testing.T) {
	for _, kind := range []Kind{Bolt, WAL} {
		path := t.TempDir()
		d := openKind(t, path, "a", kind)
		store(t, openLog(t, d, Options{}), 1, 3)
		d.Close()
		other := map[Kind]Kind{Bolt: WAL, WAL: Bolt}[kind]
		if _, err := OpenDirAs(path, "a", other); !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "--log-store "+string(kind)) {
			t.Errorf("%s opened as %s = %v, want ErrUnfit with the cure", kind, other, err)
		}
		again, err := OpenDir(path, "a")
		if err != nil || again.Kind() != kind {
			t.Fatalf("opened as it comes = %v, want %s", err, kind)
		}
		again.Close()
	}
}

// TestLogDoesWhatAListDoes tries random appends, truncations at both ends and restarts against a list.
func TestLogDoesWhatAListDoes(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	d := openDir(t, t.TempDir(), "a")
	open := func() *Store { return openLog(t, d, Options{SegmentBytes: 64 << 10}) }
	s := open()
	first, last, term := uint64(1), uint64(0), uint64(0)
	for step := range 300 {
		switch action := random.IntN(10); {
		case action < 5:
			n := uint64(random.IntN(20) + 1)
			store(t, s, last+1, last+n)
			last += n
		case action < 6 && last > first: // a conflict
			cut := first + 1 + random.Uint64N(last-first)
			if err := s.DeleteRange(cut, last); err != nil {
				t.Fatal(err)
			}
			last = cut - 1
		case action < 7 && last > first: // behind a snapshot
			cut := first + random.Uint64N(last-first)
			snapshot(t, d, cut)
			if err := s.DeleteRange(first, cut); err != nil {
				t.Fatal(err)
			}
			first = cut + 1
		case action < 8:
			term++
			if err := s.SetUint64([]byte("CurrentTerm"), term); err != nil {
				t.Fatal(err)
			}
		case action < 9 && random.IntN(3) == 0:
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = open()
		}
		if last == 0 {
			continue
		}
		if got := ends(t, s); got != [2]uint64{first, last} {
			t.Fatalf("step %d: the log is %v, want %d to %d", step, got, first, last)
		}
		for _, i := range []uint64{first, last, first + random.Uint64N(last-first+1)} {
			var l raft.Log
			if err := s.GetLog(i, &l); err != nil || !sameEntry(&l, entries(i, i)[0]) {
				t.Fatalf("step %d: entry %d = %d, %v", step, i, l.Index, err)
			}
		}
		for _, i := range []uint64{first - 1, last + 1} { // the very error: Raft compares, and sends a snapshot
			if err := s.GetLog(i, new(raft.Log)); err != raft.ErrLogNotFound {
				t.Fatalf("step %d: entry %d, which is not there = %v", step, i, err)
			}
		}
	}
	s.Close()
	if found, err := Verify(d); err != nil || found != (Summary{First: first, Last: last, Term: term}) {
		t.Errorf("Verify = %+v, %v, want %d to %d, term %d", found, err, first, last, term)
	}
}

// FuzzWALSegment: no content of a segment makes the check panic or run for ever.
func FuzzWALSegment(f *testing.F) {
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{frameCommit, 0, 0, 0, 0, 0, 0, 0}, 20))
	f.Add(append(bytes.Repeat([]byte{0}, walHeader), frameEntry, 0, 0, 0, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8))
	f.Add(append(bytes.Repeat([]byte{0}, walHeader), frameEntry, 0, 0, 0, 255, 255, 255, 255, 1))
	f.Fuzz(func(_ *testing.T, data []byte) {
		var s walSegment
		s.BaseIndex, s.MinIndex = 1, 1
		if s.frames(data) == nil {
			s.torn = int64(len(bytes.TrimRight(data, "\x00")))
			if s.torn > s.end {
				_, _ = s.tornBehind(data), s.wholeBehind(data)
			}
			_ = s.sealed(data)
		}
	})
}
