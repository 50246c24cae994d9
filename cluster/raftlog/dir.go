package raftlog

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Dir is a node's data directory, held by this process until Close.
type Dir struct {
	path string
	lock *os.File

	mu     sync.Mutex
	rec    record // as it is on disk
	closed bool
}

// OpenDir opens the data directory, making it (mode 0700) and minting a node id "NAME-16hex" where there is none. name must
// be the directory's; an empty name opens an existing directory whatever its name, for offline tools.
//
// It returns ErrInUse when another process has it, ErrUnfit for another name, format or log store, ErrLeft for a node that has left its
// cluster (an offline tool may look at it all the same), and ErrDamaged when
// something is missing or unreadable: a node must never start empty under an id that has voted before (raft.md 0.8).
func OpenDir(path, name string) (*Dir, error) { return OpenDirAs(path, name, "") }

// OpenDirAs is OpenDir for a directory that must keep its log in a kind; "" is any, and DefaultKind where the directory is made. It
// returns ErrUnfit, and changes nothing, for a directory that has another.
func OpenDirAs(path, name string, kind Kind) (*Dir, error) {
	if name != "" && !nameForm.MatchString(name) {
		return nil, fmt.Errorf("node name %q is not valid: 1 to 63 letters, digits, '.', '_' or '-', the first a letter or digit", name)
	}
	if err := makeDir(path, name); err != nil {
		return nil, err
	}
	lock, err := lockDir(path)
	if err != nil {
		return nil, err
	}
	rec, err := loadRecord(path, name, kind)
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	return &Dir{path: path, lock: lock, rec: rec}, nil
}

// makeDir makes the directory, durably, if a name says whose it will be.
func makeDir(path, name string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		return unfit(path, "Give the path of a directory", "is a file")
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case name == "":
		return unfit(path, "Give the path of an existing data directory", "does not exist")
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(filepath.Clean(path)))
}

// loadRecord reads the record or, in an empty directory, writes a new one.
func loadRecord(path, name string, kind Kind) (record, error) {
	rec, err := readRecord(path)
	known := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return record{}, err
	}
	if err := rec.checkPresent(path, known); err != nil {
		return record{}, err
	}
	switch {
	case known && name != "" && rec.Left:
		return record{}, fmt.Errorf("%w: %s belonged to node %s, which is no member any more. %s", ErrLeft, path, rec.NodeID, cureWipe)
	case known && name != "" && name != rec.Name:
		return record{}, unfit(path, fmt.Sprintf("Start with the name %q, or with another directory", rec.Name),
			"belongs to node %q, not to %q", rec.Name, name)
	case known && kind != "" && kind != rec.kind():
		return record{}, unfit(path, fmt.Sprintf("Start with --log-store %s, or with an empty directory: the node joins again under a new id and gets everything from the others", rec.kind()),
			"keeps its log in %s, not in %s", rec.kind(), kind)
	case known:
		return rec, nil
	case name == "":
		return record{}, unfit(path, "Give the path of an existing data directory", "has no %s", recordName)
	}
	rec = newRecord(name, cmp.Or(kind, DefaultKind))
	return rec, rec.write(path)
}

// Path returns the directory's path: the base for raft.NewFileSnapshotStore.
func (d *Dir) Path() string { return d.path }

// LogPath returns the path of the log: a file of bolt, a directory of the WAL.
func (d *Dir) LogPath() string { return d.Kind().logPath(d.path) }

// Kind returns what the log is kept in. It was chosen with the directory and never changes.
func (d *Dir) Kind() Kind { return d.record().kind() }

// LogBytes returns the size of the log's files; 0 where there is none yet.
func (d *Dir) LogBytes() uint64 {
	if d.Kind() == WAL {
		return (&walFiles{dir: d.LogPath()}).bytes()
	}
	size, _ := sizeOf(d.LogPath())
	return uint64(size)
}

// NodeID returns the node's id. It was minted with the directory and never changes.
func (d *Dir) NodeID() string { return d.record().NodeID }

// Name returns the node's name.
func (d *Dir) Name() string { return d.record().Name }

// Cluster returns the id of the cluster that the node belongs to; empty for none.
func (d *Dir) Cluster() string { return d.record().Cluster }

// Generation returns the cluster's life that the node has last heard of; 0 for none.
func (d *Dir) Generation() uint64 { return d.record().Generation }

// SetCluster records, durably before it returns, which cluster and which life of it the node belongs to. Saying the same
// again costs nothing. It returns ErrOtherCluster, and changes nothing, for another cluster or an earlier life.
func (d *Dir) SetCluster(cluster string, generation uint64) error {
	return d.change(func(r *record) error {
		if cluster == "" {
			return errors.New("a cluster id is never empty")
		}
		if r.Cluster != "" && r.Cluster != cluster || generation < r.Generation {
			return fmt.Errorf("%w: %q, life %d; not %q, life %d", ErrOtherCluster, r.Cluster, r.Generation, cluster, generation)
		}
		r.Cluster, r.Generation = cluster, generation
		return nil
	})
}

// SetLeft records, durably before it returns, that the node is no member of its cluster any more. Its id is used up.
func (d *Dir) SetLeft() error {
	return d.change(func(r *record) error {
		r.Left = true
		return nil
	})
}

// Left reports whether the node has left its cluster: its id is used up.
func (d *Dir) Left() bool { return d.record().Left }

// Pledge returns the proposal that the node is pledged to; nil for none.
func (d *Dir) Pledge() []byte { return bytes.Clone(d.record().Pledge) }

// SetPledge pledges the node to one proposal for founding a cluster, durably before it returns. The same proposal again is
// fine; another one, or any once the node belongs to a cluster, is ErrPledged. A pledge is never taken back.
func (d *Dir) SetPledge(proposal []byte) error {
	return d.change(func(r *record) error {
		switch {
		case len(proposal) == 0:
			return errors.New("a proposal is never empty")
		case r.Pledge != nil && bytes.Equal(r.Pledge, proposal):
			return nil
		case r.Pledge != nil:
			return fmt.Errorf("%w: to another proposal", ErrPledged)
		case r.Cluster != "":
			return fmt.Errorf("%w: it belongs to cluster %q", ErrPledged, r.Cluster)
		}
		r.Pledge = slices.Clone(proposal)
		return nil
	})
}

// Close lets go of the directory. It is safe to call it again.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	if d.lock == nil { // an older directory that was opened to be read
		return nil
	}
	return d.lock.Close()
}

func (d *Dir) record() record {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rec
}

// change edits the record: on disk first, then in memory.
func (d *Dir) change(edit func(*record) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	next := d.rec
	if err := edit(&next); err != nil {
		return err
	}
	if next.same(d.rec) {
		return nil
	}
	if err := next.write(d.path); err != nil {
		return err
	}
	d.rec = next
	return nil
}

// markLog records, durably, that the log exists: from now on it must never be missing.
func (d *Dir) markLog() error {
	return d.change(func(r *record) error {
		r.LogMade = true
		return nil
	})
}

// same reports whether there is nothing to write. Only what change may change is compared.
func (r record) same(old record) bool {
	return r.Cluster == old.Cluster && r.Generation == old.Generation && r.LogMade == old.LogMade && r.Left == old.Left && bytes.Equal(r.Pledge, old.Pledge)
}
