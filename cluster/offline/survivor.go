package offline

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode/cluster/raftlog"
	"github.com/sessnode/sessnode/fsm"
)

// ErrNoState means that a directory belongs to no cluster, or holds nothing of it yet.
var ErrNoState = errors.New("the directory holds no state of a cluster")

// Survivor is a data directory whose node does not run, and what is in it. All entries of its log count, as the others that could say
// which of them were committed are gone.
type Survivor struct {
	NodeID, Name, Cluster string
	Left                  bool // the node had left its cluster

	Term      uint64 // the newest that it has heard of
	LastTerm  uint64 // of its last entry: of two survivors the one with the greater (LastTerm, LastIndex) has more
	LastIndex uint64
	Snapshot  uint64 // the entry up to which its newest snapshot goes
	Config    raft.Configuration

	Now     time.Time // committed cluster time after its last entry
	Machine *fsm.Machine

	dir *raftlog.Dir
}

// Look reads a directory whole, and changes nothing in it. The caller must Close the Survivor. It returns raftlog's errors (ErrInUse,
// ErrDamaged, ...) or ErrNoState.
func Look(path string) (s *Survivor, err error) {
	dir, err := raftlog.OpenDir(path, "")
	if err != nil {
		return nil, err
	}
	s = &Survivor{NodeID: dir.NodeID(), Name: dir.Name(), Left: dir.Left(), Machine: fsm.New(), dir: dir}
	if err := s.read(); err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return s, nil
}

// Close lets go of the directory.
func (s *Survivor) Close() error { return s.dir.Close() }

// Address returns where the node was reached, as far as it knows; empty where it was no member.
func (s *Survivor) Address() string {
	for _, server := range s.Config.Servers {
		if string(server.ID) == s.NodeID {
			return string(server.Address)
		}
	}
	return ""
}

func (s *Survivor) read() error {
	if err := s.readSnapshot(); err != nil {
		return err
	}
	var fault error
	expected := s.Snapshot + 1
	found, err := raftlog.Walk(s.dir, func(l *raft.Log) {
		if fault != nil || l.Index <= s.Snapshot {
			return
		}
		if l.Index != expected {
			fault = fmt.Errorf("%w: log entry %d is missing", raftlog.ErrDamaged, expected)
			return
		}
		expected++
		s.LastIndex, s.LastTerm = l.Index, l.Term
		fault = s.apply(l)
	})
	if err := errors.Join(err, fault); err != nil {
		return err
	}
	s.Term = max(found.Term, s.LastTerm)
	totals := s.Machine.Stats()
	_, now := s.Machine.At()
	s.Cluster, s.Now = totals.Cluster, time.Unix(0, now).UTC()
	if totals.Generation == 0 {
		return fmt.Errorf("%w: %s", ErrNoState, s.dir.Path())
	}
	return nil
}

// readSnapshot restores the newest snapshot that is whole, as Raft does at a start.
func (s *Survivor) readSnapshot() error {
	snaps, err := raft.NewFileSnapshotStoreWithLogger(s.dir.Path(), 2, quiet())
	if err != nil {
		return err
	}
	list, err := snaps.List()
	if err != nil {
		return err
	}
	var faults []error
	for _, meta := range list {
		_, r, err := snaps.Open(meta.ID)
		if err == nil {
			err = errors.Join(s.Machine.Restore(r), r.Close())
		}
		if err == nil {
			s.Snapshot, s.LastIndex, s.LastTerm, s.Config = meta.Index, meta.Index, meta.Term, meta.Configuration
			return nil
		}
		faults = append(faults, fmt.Errorf("snapshot %s: %w", meta.ID, err))
	}
	if len(faults) > 0 {
		return fmt.Errorf("%w: %w", raftlog.ErrDamaged, errors.Join(faults...))
	}
	return nil
}

// apply is what a replica does with an entry. A state that differs from what the leader had is not one to go on with.
func (s *Survivor) apply(l *raft.Log) error {
	switch l.Type {
	case raft.LogCommand:
		_, mismatch, err := s.Machine.Apply(l.Index, l.Data)
		if err != nil {
			return fmt.Errorf("log entry %d of term %d cannot be applied: %w", l.Index, l.Term, err)
		}
		if mismatch != nil {
			return fmt.Errorf("%w: this node's state at entry %d is another than its leader had", raftlog.ErrDamaged, mismatch.Index)
		}
		return nil
	case raft.LogConfiguration:
		s.Config = raft.DecodeConfiguration(l.Data)
	}
	s.Machine.Skip(l.Index)
	return nil
}

// Recover settles a life that was begun with this survivor's state: the node becomes its only voter. The snapshot of the new life is
// written first. A crash before it is whole leaves everything as it was, and one after it a node of the new life.
func (s *Survivor) Recover(l *Life) (err error) {
	if s.Left || s.Address() == "" {
		return fmt.Errorf("node %s is no member of its cluster", s.NodeID)
	}
	if err := l.writeSnapshot(s.dir, s.Address(), s.Term); err != nil {
		return err
	}
	if err := s.dir.SetCluster(s.Cluster, l.Generation); err != nil {
		return err
	}
	store, err := raftlog.OpenLog(s.dir, raftlog.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	first, err := store.FirstIndex()
	if err != nil || first == 0 {
		return err
	}
	last, err := store.LastIndex()
	if err != nil {
		return err
	}
	return store.DeleteRange(first, last)
}
