package raftlog

import (
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
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

	engine  engine
	seconds histogram
}

// Commits returns how many changes were made durable.
func (c *Counts) Commits() uint64 { return c.engine.commits() }

// Syncs returns how often files or directories of the log were synced for them.
func (c *Counts) Syncs() uint64 { return c.engine.syncs() }

// AppendSeconds returns how long StoreLogs took on the disk.
func (c *Counts) AppendSeconds() Histogram { return c.seconds.snapshot() }

// noteSize is called after every change.
func (c *Counts) noteSize() {
	if b, isBolt := c.engine.(*boltLog); isBolt {
		b.noteSize()
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
