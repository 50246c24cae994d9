package membership

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/raft"
)

// ConfigLog knows at which index the latest configuration stands. hashicorp/raft asks for that index (prevIndex) to keep
// one change from undoing another, but since hashicorp/raft#379 its own GetConfiguration answers 0, which switches the
// guard off. So the index is read where configurations pass: in the log and in snapshots. It is safe for concurrent use.
type ConfigLog struct {
	mu   sync.Mutex
	seen []configAt // ordered by index, one for each
}

type configAt struct {
	index    uint64
	config   raft.Configuration
	snapshot bool // from a snapshot: it stays when the log is truncated or compacted
}

// NewConfigLog starts from the snapshots that exist. Hand its wrappers of both stores to raft.NewRaft, which reads the rest
// of the log through them.
func NewConfigLog(snaps raft.SnapshotStore) (*ConfigLog, error) {
	c := &ConfigLog{}
	metas, err := snaps.List()
	if err != nil {
		return nil, fmt.Errorf("membership: list snapshots: %w", err)
	}
	for _, meta := range metas {
		c.note(configAt{meta.ConfigurationIndex, meta.Configuration, true})
	}
	return c, nil
}

// Index returns where current, as raft.GetConfiguration returned it, stands in the log. It is an error if that is not what
// was seen last, for instance in the moment between writing a configuration and using it: ask again later.
func (c *ConfigLog) Index(current raft.Configuration) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seen) == 0 {
		return 0, errors.New("membership: no configuration was seen yet")
	}
	last := c.seen[len(c.seen)-1]
	if !slices.Equal(last.config.Servers, current.Servers) {
		return 0, fmt.Errorf("membership: the configuration is not the one at index %d", last.index)
	}
	return last.index, nil
}

func (c *ConfigLog) note(at configAt) {
	if at.index == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i, known := slices.BinarySearchFunc(c.seen, at.index, func(e configAt, index uint64) int { return cmp.Compare(e.index, index) })
	if !known {
		c.seen = slices.Insert(c.seen, i, at)
		return
	}
	at.snapshot = at.snapshot || c.seen[i].snapshot
	c.seen[i] = at
}

// noteEntry looks whether an entry holds a configuration. A damaged one makes raft itself panic.
func (c *ConfigLog) noteEntry(l *raft.Log) {
	if l.Type == raft.LogConfiguration {
		c.note(configAt{index: l.Index, config: raft.DecodeConfiguration(l.Data)})
	}
}

// truncated forgets what the log's new tail no longer holds.
func (c *ConfigLog) truncated(from uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = slices.DeleteFunc(c.seen, func(e configAt) bool { return e.index >= from && !e.snapshot })
}

// Logs returns store, watched. It blocks and fails as store does.
func (c *ConfigLog) Logs(store raft.LogStore) raft.LogStore { return watchedLogs{store, c} }

// Snapshots returns store, watched. It blocks and fails as store does.
func (c *ConfigLog) Snapshots(store raft.SnapshotStore) raft.SnapshotStore {
	return watchedSnapshots{store, c}
}

// watchedLogs passes everything on and looks at the entries.
type watchedLogs struct {
	raft.LogStore
	seen *ConfigLog
}

var _ raft.MonotonicLogStore = watchedLogs{}

// IsMonotonic answers for the store beneath: raft asks with a type assertion.
func (w watchedLogs) IsMonotonic() bool {
	m, ok := w.LogStore.(raft.MonotonicLogStore)
	return ok && m.IsMonotonic()
}

// GetLog is how raft.NewRaft reads the log at start.
func (w watchedLogs) GetLog(index uint64, l *raft.Log) error {
	err := w.LogStore.GetLog(index, l)
	if err == nil {
		w.seen.noteEntry(l)
	}
	return err
}

// StoreLog stores one entry.
func (w watchedLogs) StoreLog(l *raft.Log) error { return w.StoreLogs([]*raft.Log{l}) }

// StoreLogs looks at the entries once they are stored.
func (w watchedLogs) StoreLogs(logs []*raft.Log) error {
	if err := w.LogStore.StoreLogs(logs); err != nil {
		return err
	}
	for _, l := range logs {
		w.seen.noteEntry(l)
	}
	return nil
}

// DeleteRange tells a truncated tail, which takes configurations back, from a compacted head, which does not.
func (w watchedLogs) DeleteRange(first, last uint64) error {
	end, err := w.LastIndex()
	if err != nil {
		return err
	}
	if err := w.LogStore.DeleteRange(first, last); err != nil {
		return err
	}
	if last >= end {
		w.seen.truncated(first)
	}
	return nil
}

// watchedSnapshots passes everything on and looks at the configuration of snapshots that were completed.
type watchedSnapshots struct {
	raft.SnapshotStore
	seen *ConfigLog
}

// Create begins a snapshot, of this node or from the leader.
func (w watchedSnapshots) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64, trans raft.Transport) (raft.SnapshotSink, error) {
	sink, err := w.SnapshotStore.Create(version, index, term, configuration, configurationIndex, trans)
	if err != nil {
		return nil, err
	}
	return &watchedSink{sink, w.seen, configAt{configurationIndex, configuration.Clone(), true}}, nil
}

type watchedSink struct {
	raft.SnapshotSink
	seen *ConfigLog
	at   configAt
}

// Close completes the snapshot.
func (s *watchedSink) Close() error {
	if err := s.SnapshotSink.Close(); err != nil {
		return err
	}
	s.seen.note(s.at)
	return nil
}
