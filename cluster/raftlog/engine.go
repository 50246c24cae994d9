package raftlog

import (
	"fmt"
	"os"
	"sync/atomic"

	raftboltdb "github.com/hashicorp/raft-boltdb/v2"

	"github.com/sessnode/sessnode/internal/sabotage"
)

// engine is a log of one Kind on disk, below all layers.
type engine interface {
	Backend
	Close() error
	IsMonotonic() bool // whether it allows no gaps; Raft then removes the log when a snapshot replaces it
	commits() uint64   // how many changes were made durable since it was opened
	syncs() uint64     // how often anything was synced for them
	sizeBytes() uint64
}

// openEngine checks the log and opens it. It returns ErrDamaged or ErrInUse, with file and cure.
func openEngine(dir *Dir, o Options) (engine, error) {
	if dir.Kind() == WAL {
		return openWAL(dir, o.SegmentBytes)
	}
	return openBoltLog(dir, o.InitialMmapSize)
}

// boltLog is raft-boltdb, and what its file says about its costs.
type boltLog struct {
	*raftboltdb.BoltStore
	path  string
	file  *os.File // to read bbolt's own transaction count from
	began uint64   // that count at the beginning
	size  atomic.Int64
	grown atomic.Uint64 // times that the file grew
	known atomic.Uint64 // transactions, when last read
}

var _ engine = (*boltLog)(nil)

func openBoltLog(dir *Dir, mmapSize int) (engine, error) {
	store, err := openBolt(dir, mmapSize, false)
	if err != nil {
		return nil, err
	}
	b := &boltLog{BoltStore: store, path: dir.LogPath()}
	if err := b.begin(); err != nil {
		_ = store.Close()
		return nil, err
	}
	return b, nil
}

// begin takes down where the file stands.
func (b *boltLog) begin() error {
	f, err := os.Open(b.path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		b.size.Store(info.Size())
		var m meta
		m, err = readMetas(f, info.Size())
		b.began = m.txid
	}
	if err != nil {
		_ = f.Close()
		return fmt.Errorf("%s: %w", b.path, err)
	}
	b.file = f
	return nil
}

func (b *boltLog) IsMonotonic() bool { return false }

// commits counts transactions, as bbolt does in its file.
func (b *boltLog) commits() uint64 {
	for range 3 { // a read may meet a meta page that is just being written
		if m, err := readMetas(b.file, 1<<62); err == nil {
			b.known.Store(m.txid - b.began)
			break
		}
	}
	return b.known.Load()
}

// syncs knows that bbolt syncs twice for a transaction, for its pages and then for its meta page (bbolt v1.4.3 tx.write and
// tx.writeMeta), and once more when the file grows (db.grow).
func (b *boltLog) syncs() uint64 {
	if sabotage.On(sabotage.NoFsync) {
		return 0
	}
	return 2*b.commits() + b.grown.Load()
}

// sizeBytes returns the size of the file, which never shrinks.
func (b *boltLog) sizeBytes() uint64 {
	info, err := os.Stat(b.path)
	if err != nil {
		return 0
	}
	return uint64(info.Size())
}

// noteSize is called after every transaction.
func (b *boltLog) noteSize() {
	if info, err := b.file.Stat(); err == nil && b.size.Swap(info.Size()) != info.Size() {
		b.grown.Add(1)
	}
}

func (b *boltLog) Close() error {
	err := b.BoltStore.Close()
	if closing := b.file.Close(); err == nil {
		err = closing
	}
	return err
}
