package cluster

import (
	"sync"

	"github.com/hashicorp/raft"
)

const (
	// recentBytes bounds the newest entries of the log that stay in memory: a message to a follower full of full batches, so that a
	// follower that keeps up, and a replica that applies what it has just stored, hardly ever read the disk.
	recentBytes = maxAppendEntries * maxBatchBytes

	// entryBytes is about what an entry takes beside its data.
	entryBytes = 256
)

// recentLog is a log store that has its newest entries in memory too. hashicorp/raft's own cache counts entries, which here are
// batches between a hundred bytes and half a megabyte: enough of the small ones for a follower that lags is far too much of the large ones. It
// is safe for concurrent use.
type recentLog struct {
	raft.LogStore
	monotonic bool
	most      int // bytes

	mu    sync.RWMutex
	kept  []*raft.Log // one after the other, the newest last
	bytes int         // that they take
}

var _ raft.MonotonicLogStore = (*recentLog)(nil)

func newRecentLog(store raft.LogStore, most int) *recentLog {
	r := &recentLog{LogStore: store, most: most}
	if m, says := store.(raft.MonotonicLogStore); says {
		r.monotonic = m.IsMonotonic()
	}
	return r
}

// IsMonotonic is the store's.
func (r *recentLog) IsMonotonic() bool { return r.monotonic }

// GetLog reads an entry, which must not be changed.
func (r *recentLog) GetLog(index uint64, out *raft.Log) error {
	if l := r.find(index); l != nil {
		*out = *l
		return nil
	}
	return r.LogStore.GetLog(index, out)
}

func (r *recentLog) find(index uint64) *raft.Log {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if len(r.kept) == 0 || index < r.kept[0].Index || index-r.kept[0].Index >= uint64(len(r.kept)) {
		return nil
	}
	return r.kept[index-r.kept[0].Index]
}

// StoreLog stores one entry.
func (r *recentLog) StoreLog(l *raft.Log) error { return r.StoreLogs([]*raft.Log{l}) }

// StoreLogs stores entries, and keeps them once they are on the disk.
func (r *recentLog) StoreLogs(logs []*raft.Log) error {
	if err := r.LogStore.StoreLogs(logs); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range logs {
		if last := len(r.kept) - 1; last >= 0 && r.kept[last].Index+1 != l.Index {
			r.kept, r.bytes = nil, 0
		}
		r.kept = append(r.kept, l)
		r.bytes += cap(l.Data) + entryBytes
	}
	old := 0
	for ; r.bytes > r.most; old++ {
		r.bytes -= cap(r.kept[old].Data) + entryBytes
		r.kept[old] = nil // the array behind the slice lives on
	}
	r.kept = r.kept[old:]
	return nil
}

// DeleteRange deletes entries, of which none stays in memory either.
func (r *recentLog) DeleteRange(first, last uint64) error {
	r.mu.Lock()
	if n := len(r.kept); n > 0 && first <= r.kept[n-1].Index && last >= r.kept[0].Index {
		r.kept, r.bytes = nil, 0
	}
	r.mu.Unlock()
	return r.LogStore.DeleteRange(first, last)
}
