package cluster

import (
	"bytes"
	"errors"
	"testing"

	"github.com/hashicorp/raft"
	"pgregory.net/rapid"
)

// readCounting counts what is read of a store, and refuses to store on demand.
type readCounting struct {
	*raft.InmemStore
	reads int
	fails bool
}

func (s *readCounting) GetLog(index uint64, l *raft.Log) error {
	s.reads++
	return s.InmemStore.GetLog(index, l)
}

func (s *readCounting) StoreLogs(logs []*raft.Log) error {
	if s.fails {
		return errors.New("disk full")
	}
	return s.InmemStore.StoreLogs(logs)
}

// TestRecentEntriesAreThoseOfTheStore stores, fails to store, cuts off either end and reads at random: what is read is what the store has, and
// what is kept stays within its bytes.
func TestRecentEntriesAreThoseOfTheStore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disk := &readCounting{InmemStore: raft.NewInmemStore()}
		const most = 4 << 10
		r := newRecentLog(disk, most)
		next, term := uint64(1), uint64(1)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			first, _ := disk.FirstIndex()
			last, _ := disk.LastIndex()
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				term++
				if last > 0 && last >= first {
					from := rapid.Uint64Range(first, last).Draw(t, "cut from")
					if err := r.DeleteRange(from, last); err != nil {
						t.Fatal(err)
					}
					next = from
				}
			case 1:
				if last > first {
					if err := r.DeleteRange(first, rapid.Uint64Range(first, last-1).Draw(t, "cut to")); err != nil {
						t.Fatal(err)
					}
				}
			case 2:
				disk.fails = true
				if err := r.StoreLog(&raft.Log{Index: next, Term: 999}); err == nil {
					t.Fatal("StoreLog() = nil, want the store's error")
				}
				disk.fails = false
			default:
				var logs []*raft.Log
				for range rapid.IntRange(1, 8).Draw(t, "entries") {
					logs = append(logs, &raft.Log{Index: next, Term: term, Data: make([]byte, rapid.IntRange(0, 700).Draw(t, "size"))})
					next++
				}
				if err := r.StoreLogs(logs); err != nil {
					t.Fatal(err)
				}
			}
			bytesKept := 0
			for _, l := range r.kept {
				bytesKept += cap(l.Data) + entryBytes
			}
			if bytesKept != r.bytes || bytesKept > most {
				t.Fatalf("%d bytes are kept and %d are counted, want the same and at most %d", bytesKept, r.bytes, most)
			}
			for index := uint64(0); index <= next+1; index++ {
				var got, want raft.Log
				gotErr, wantErr := r.GetLog(index, &got), disk.InmemStore.GetLog(index, &want)
				if !errors.Is(gotErr, wantErr) || got.Index != want.Index || got.Term != want.Term || !bytes.Equal(got.Data, want.Data) {
					t.Fatalf("GetLog(%d) = %d of term %d (%v), want %d of term %d (%v)", index, got.Index, got.Term, gotErr, want.Index, want.Term, wantErr)
				}
			}
		}
	})
}

// TestTheNewestEntriesAreReadFromMemory holds that those within the bytes cost no read of the disk, and those before them one.
func TestTheNewestEntriesAreReadFromMemory(t *testing.T) {
	disk := &readCounting{InmemStore: raft.NewInmemStore()}
	const entries, size = 100, 1000
	r := newRecentLog(disk, 10*(size+entryBytes))
	for i := range uint64(entries) {
		if err := r.StoreLog(&raft.Log{Index: i + 1, Data: make([]byte, size)}); err != nil {
			t.Fatal(err)
		}
	}
	for index := uint64(1); index <= entries; index++ {
		disk.reads = 0
		var l raft.Log
		if err := r.GetLog(index, &l); err != nil || l.Index != index {
			t.Fatalf("GetLog(%d) = %d, %v", index, l.Index, err)
		}
		if want := index <= entries-10; (disk.reads == 1) != want {
			t.Errorf("entry %d of %d: %d reads of the disk, want them for the older ones only", index, entries, disk.reads)
		}
	}
}
