package raftlog

import (
	"errors"
	"os"
	"time"

	"github.com/hashicorp/raft"

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

	// InitialMmapSize is bolt's address space, not memory: growing the map later stops all readers. Default 1 GiB.
	InitialMmapSize int

	// SegmentBytes is how large a file of the WAL grows. Default 16 MiB.
	SegmentBytes int
}

// Store is the log store of one node: raft.LogStore and raft.StableStore. It is safe for concurrent use, as Raft requires.
type Store struct {
	Backend
	*Counts
	stop *failStop
	disk engine
}

// OpenLog opens the log in dir, and makes it if the node is fresh. It is checked first, as bbolt would panic on a damaged one and
// raft-wal forget its end: damage is an ErrDamaged that names the file and the cure, another process an ErrInUse. What Raft makes of a valid log
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
	if o.SegmentBytes == 0 {
		o.SegmentBytes = segmentBytes
	}
	if err := dir.record().checkPresent(dir.path, true); err != nil {
		return nil, err
	}
	disk, err := openEngine(dir, o)
	if err != nil && errors.Is(err, ErrDamaged) && dir.unused() {
		// A crash while it was made for the first time: nothing was ever kept in it.
		if err = os.RemoveAll(dir.LogPath()); err == nil {
			disk, err = openEngine(dir, o)
		}
	}
	if err != nil {
		return nil, err
	}
	s, err := stack(dir, disk, o)
	if err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	return s, nil
}

// stack puts the layers on the log, and makes sure that it is this node's.
func stack(dir *Dir, bare engine, o Options) (*Store, error) {
	counts := &Counts{engine: bare}
	var disk Backend = &checksums{Backend: &counting{Backend: bare, counts: counts}, path: dir.LogPath()}
	if err := admit(dir, disk); err != nil {
		return nil, err
	}
	if sabotage.On(sabotage.LoseTail) {
		if err := loseTail(disk); err != nil {
			return nil, err
		}
	}
	if o.Wrap != nil {
		disk = o.Wrap(disk)
	}
	stop := &failStop{Backend: disk, stall: o.StallTimeout, fail: o.OnFailure, linger: o.Linger, closed: make(chan struct{})}
	var deleting Backend = stop
	if !bare.IsMonotonic() { // the WAL cuts off at either end at once, whatever the length
		deleting = &chunked{stop}
	}
	return &Store{Backend: &voteOrder{Backend: deleting}, Counts: counts, stop: stop, disk: bare}, nil
}

// IsMonotonic tells Raft whether the log allows no gaps.
func (s *Store) IsMonotonic() bool { return s.disk.IsMonotonic() }

// Close ends the store: writes are ErrClosed from now on, without OnFailure. It waits for writes under way, so for ever if
// the disk hangs. Stop Raft first. It is safe to call it again.
func (s *Store) Close() error {
	if !s.stop.close() {
		return nil
	}
	return s.disk.Close()
}

// SizeBytes returns the size of the log's files.
func (s *Store) SizeBytes() uint64 { return s.disk.sizeBytes() }
