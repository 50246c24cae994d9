package raftlog

import (
	"os"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/internal/sabotage"
)

// Counts say what the log has cost since it was opened. They may be read at any time.
type Counts struct {
	Appends      atomic.Uint64 // StoreLogs calls
	Entries      atomic.Uint64
	Bytes        atomic.Uint64 // of the entries' data
	StableWrites atomic.Uint64 // of term, vote and the like
	Deletes      atomic.Uint64 // transactions that deleted entries
	WriteNS      atomic.Uint64 // time spent in StoreLogs, on the disk alone
	SlowestNS    atomic.Uint64 // of one StoreLogs
	grown        atomic.Uint64 // times that the file grew
	size         atomic.Int64

	file    *os.File // to read bbolt's own transaction count from
	began   uint64   // that count at the beginning
	seconds histogram
}

// newCounts begins to count on an open log.
func newCounts(path string) (*Counts, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	c := &Counts{file: f}
	info, err := f.Stat()
	if err == nil {
		c.size.Store(info.Size())
		var m meta
		m, err = readMetas(f, info.Size())
		c.began = m.txid
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return c, nil
}

// Commits returns how many transactions were made durable, as bbolt counts them in its file.
func (c *Counts) Commits() uint64 {
	for range 3 { // a read may meet a meta page that is just being written
		if m, err := readMetas(c.file, 1<<62); err == nil {
			return m.txid - c.began
		}
	}
	return c.Appends.Load() + c.StableWrites.Load() + c.Deletes.Load()
}

// Syncs returns how often the file was synced: bbolt does so twice for a transaction, for its pages and then for its meta page
// (bbolt v1.4.3 tx.write and tx.writeMeta), and once more when the file grows (db.grow).
func (c *Counts) Syncs() uint64 {
	if sabotage.On(sabotage.NoFsync) {
		return 0
	}
	return 2*c.Commits() + c.grown.Load()
}

// AppendSeconds returns how long StoreLogs took on the disk.
func (c *Counts) AppendSeconds() Histogram { return c.seconds.snapshot() }

// noteSize is called after every transaction.
func (c *Counts) noteSize() {
	if info, err := c.file.Stat(); err == nil && c.size.Swap(info.Size()) != info.Size() {
		c.grown.Add(1)
	}
}

// counting counts what reaches the disk, and its time without any waiting above it.
type counting struct {
	Backend
	counts *Counts
}

func (c *counting) StoreLog(l *raft.Log) error { return c.StoreLogs([]*raft.Log{l}) }

func (c *counting) StoreLogs(logs []*raft.Log) error {
	begin := time.Now()
	err := c.Backend.StoreLogs(logs)
	took := time.Since(begin)
	c.counts.seconds.observe(took)
	c.counts.WriteNS.Add(uint64(took))
	if uint64(took) > c.counts.SlowestNS.Load() { // bbolt has one writer at a time, and Raft one that appends
		c.counts.SlowestNS.Store(uint64(took))
	}
	c.counts.Appends.Add(1)
	c.counts.Entries.Add(uint64(len(logs)))
	for _, l := range logs {
		c.counts.Bytes.Add(uint64(len(l.Data)))
	}
	c.counts.noteSize()
	return err
}

func (c *counting) DeleteRange(first, last uint64) error {
	defer c.counts.noteSize()
	c.counts.Deletes.Add(1)
	return c.Backend.DeleteRange(first, last)
}

func (c *counting) Set(key, value []byte) error {
	defer c.counts.noteSize()
	c.counts.StableWrites.Add(1)
	return c.Backend.Set(key, value)
}

func (c *counting) SetUint64(key []byte, value uint64) error {
	defer c.counts.noteSize()
	c.counts.StableWrites.Add(1)
	return c.Backend.SetUint64(key, value)
}
