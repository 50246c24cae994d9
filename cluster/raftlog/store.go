package raftlog

import (
	"errors"
	"os"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"

	"github.com/sessnode/sessnode/internal/sabotage"
)

// Backend is what Raft keeps its log, term and vote in. Every layer is one, around another.
type Backend interface {
	raft.LogStore
	raft.StableStore
}

// Options say how a log is opened. The zero value is usable.
type Options struct {
	// StallTimeout is how long one write may take before the node stops. Default 10 s.
	StallTimeout time.Duration

	// OnFailure is called once, when a write failed or did not return in time, or when an entry turned out to be damaged. It
	// should end the process. It may be called on Raft's goroutine or on a timer's, and must not wait for either. Default: nothing.
	OnFailure func(error)

	// Wrap puts a layer between the disk and the fail-stop: slow, failing and held disks in tests. Default: none.
	Wrap func(Backend) Backend

	// Linger is for tests that run several nodes in one process. Raft panics when its term cannot be stored. With Linger a write of
	// term or vote after a failure waits until Close and then ends its goroutine, as the exit of the process would.
	Linger bool

	// InitialMmapSize is address space, not memory: growing the map later stops all readers. Default 1 GiB.
	InitialMmapSize int
}

// Store is the log store of one node: raft.LogStore and raft.StableStore. It is safe for concurrent use, as Raft requires.
type Store struct {
	Backend
	*Counts
	stop *failStop
	bolt *raftboltdb.BoltStore
	path string
}

// OpenLog opens the log in dir, and makes it if the node is fresh. The file is checked first, as bbolt would panic on a damaged
// one: damage is an ErrDamaged that names the file and the cure, another process an ErrInUse. What Raft makes of a valid log
// that is not this node's is ErrDamaged too.
func OpenLog(dir *Dir, o Options) (*Store, error) {
	if o.StallTimeout == 0 {
		o.StallTimeout = 10 * time.Second
	}
	if o.OnFailure == nil {
		o.OnFailure = func(error) {}
	}
	if o.InitialMmapSize == 0 {
		o.InitialMmapSize = 1 << 30
	}
	path := dir.LogPath()
	if err := dir.record().checkPresent(dir.path, true); err != nil {
		return nil, err
	}
	bolt, err := openBolt(dir, o.InitialMmapSize, false)
	if err != nil && errors.Is(err, ErrDamaged) && dir.unused() {
		// A crash while the file was made for the first time: nothing was ever kept in it.
		if err = os.Remove(path); err == nil {
			bolt, err = openBolt(dir, o.InitialMmapSize, false)
		}
	}
	if err != nil {
		return nil, err
	}
	s, err := stack(dir, bolt, o)
	if err != nil {
		return nil, errors.Join(err, bolt.Close())
	}
	return s, nil
}

// stack puts the layers on the file, and makes sure that it is this node's.
func stack(dir *Dir, bolt *raftboltdb.BoltStore, o Options) (*Store, error) {
	path := dir.LogPath()
	counts, err := newCounts(path)
	if err != nil {
		return nil, err
	}
	var disk Backend = &checksums{Backend: &counting{Backend: bolt, counts: counts}, path: path}
	if err := admit(dir, disk); err != nil {
		return nil, errors.Join(err, counts.file.Close())
	}
	if sabotage.On(sabotage.LoseTail) {
		if err := loseTail(disk); err != nil {
			return nil, errors.Join(err, counts.file.Close())
		}
	}
	if o.Wrap != nil {
		disk = o.Wrap(disk)
	}
	stop := &failStop{Backend: disk, stall: o.StallTimeout, fail: o.OnFailure, linger: o.Linger, closed: make(chan struct{})}
	return &Store{Backend: &voteOrder{Backend: &chunked{stop}}, Counts: counts, stop: stop, bolt: bolt, path: path}, nil
}

// Close ends the store: writes are ErrClosed from now on, without OnFailure. It waits for transactions under way, so for ever if
// the disk hangs. Stop Raft first. It is safe to call it again.
func (s *Store) Close() error {
	if !s.stop.close() {
		return nil
	}
	return errors.Join(s.bolt.Close(), s.file.Close())
}

// SizeBytes returns the size of the file, which never shrinks.
func (s *Store) SizeBytes() uint64 {
	info, err := os.Stat(s.path)
	if err != nil {
		return 0
	}
	return uint64(info.Size())
}
