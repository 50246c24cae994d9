package raftlog

import (
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// syncsPerCommit is how often bbolt syncs for one transaction: its pages, then its meta page (bbolt tx.Commit).
const syncsPerCommit = 2

// chunk is how many entries one transaction deletes: a longer one would hold up appends.
const chunk = 4096

// Counts say what the log has cost since the process started.
type Counts struct {
	Appends   atomic.Uint64 // StoreLogs calls
	Entries   atomic.Uint64
	Bytes     atomic.Uint64
	Commits   atomic.Uint64 // transactions, of all kinds
	WriteNS   atomic.Uint64 // time spent in StoreLogs
	SlowestNS atomic.Uint64
}

// Syncs returns how often the file was synced.
func (c *Counts) Syncs() uint64 { return syncsPerCommit * c.Commits.Load() }

// counting counts what reaches the disk.
type counting struct {
	Backend
	counts *Counts
}

func (c *counting) StoreLog(l *raft.Log) error { return c.StoreLogs([]*raft.Log{l}) }

func (c *counting) StoreLogs(logs []*raft.Log) error {
	begin := time.Now()
	err := c.Backend.StoreLogs(logs)
	took := uint64(time.Since(begin))
	c.counts.Appends.Add(1)
	c.counts.Commits.Add(1)
	c.counts.Entries.Add(uint64(len(logs)))
	for _, l := range logs {
		c.counts.Bytes.Add(uint64(len(l.Data)))
	}
	c.counts.WriteNS.Add(took)
	if took > c.counts.SlowestNS.Load() { // one writer: Raft's main loop
		c.counts.SlowestNS.Store(took)
	}
	return err
}

func (c *counting) DeleteRange(first, last uint64) error {
	c.counts.Commits.Add(1)
	return c.Backend.DeleteRange(first, last)
}

func (c *counting) Set(key, value []byte) error {
	c.counts.Commits.Add(1)
	return c.Backend.Set(key, value)
}

func (c *counting) SetUint64(key []byte, value uint64) error {
	c.counts.Commits.Add(1)
	return c.Backend.SetUint64(key, value)
}

// chunked deletes a long range in several transactions, oldest first, so that an append never waits for all of it.
type chunked struct{ Backend }

// DeleteRange deletes from both ends' safe side: Raft deletes a prefix after a snapshot, or a suffix after a conflict. A crash half
// way leaves a log without holes only if a prefix goes from its start and a suffix from its end.
func (c *chunked) DeleteRange(first, last uint64) error {
	end, err := c.LastIndex()
	if err != nil {
		return err
	}
	if last >= end { // a suffix
		for hi := last; hi >= first && hi-first >= chunk; hi -= chunk {
			if err := c.Backend.DeleteRange(hi-chunk+1, hi); err != nil {
				return err
			}
			last = hi - chunk
		}
		return c.Backend.DeleteRange(first, last)
	}
	for ; last-first >= chunk; first += chunk {
		if err := c.Backend.DeleteRange(first, first+chunk-1); err != nil {
			return err
		}
	}
	return c.Backend.DeleteRange(first, last)
}
