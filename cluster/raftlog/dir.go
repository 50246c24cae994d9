package raftlog

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	identityFile = "node.json"
	lockFile     = "lock"
	dirFormat    = 1
	logStore     = "boltdb"
)

// identity is what node.json holds. An id is minted with the directory and never used for another one: a voter that comes back
// under its old id with an empty log could elect a leader that lacks committed entries (raft.md 0.8, NATS#7038).
type identity struct {
	Format         int       `json:"format"`
	ID             string    `json:"id"`
	Name           string    `json:"name"`
	Cluster        string    `json:"cluster,omitempty"`
	Generation     uint64    `json:"generation,omitempty"`
	LogStore       string    `json:"log_store"`
	LogFormat      int       `json:"log_format"`
	SnapshotFormat int       `json:"snapshot_format"`
	Created        time.Time `json:"created"`
	Pledge         []byte    `json:"pledge,omitempty"` // the one proposal of a new cluster that this node agreed to
}

// Dir is the data directory of one node, locked by this process. It is safe for concurrent use.
type Dir struct {
	path string
	lock *os.File

	mu sync.Mutex // guards id and the file
	id identity
}

// OpenDir opens a data directory, and makes it where there is none. It refuses, with the cure in the error: a directory that another
// process uses, that is of another format, log store or node name, or that holds a log without an identity.
func OpenDir(path, name string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	d := &Dir{path: path, lock: lock}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("data directory %s is in use by another process: stop it, or give this node its own", path)
	}
	if err := d.load(name); err != nil {
		_ = d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Dir) load(name string) error {
	raw, err := os.ReadFile(filepath.Join(d.path, identityFile))
	if errors.Is(err, os.ErrNotExist) {
		return d.mint(name)
	}
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if err := json.Unmarshal(raw, &d.id); err != nil || d.id.ID == "" {
		return fmt.Errorf("%s is damaged: move the data directory away and start again, the node rejoins under a new id", filepath.Join(d.path, identityFile))
	}
	switch {
	case d.id.Format != dirFormat:
		return fmt.Errorf("data directory %s has format %d, this build knows %d: use the build that wrote it", d.path, d.id.Format, dirFormat)
	case d.id.LogStore != logStore:
		return fmt.Errorf("data directory %s uses the log store %q, this node is set to %q", d.path, d.id.LogStore, logStore)
	case d.id.Name != name:
		return fmt.Errorf("data directory %s belongs to node %q, this node is called %q: check --name and --data", d.path, d.id.Name, name)
	}
	return nil
}

// mint makes the identity of a fresh node.
func (d *Dir) mint(name string) error {
	if _, err := os.Stat(filepath.Join(d.path, logFile)); err == nil {
		return fmt.Errorf("data directory %s holds a log but no %s: restore that file, or move the directory away and start again under a new id", d.path, identityFile)
	}
	var random [8]byte
	_, _ = rand.Read(random[:])
	d.id = identity{Format: dirFormat, ID: name + "-" + hex.EncodeToString(random[:]), Name: name, LogStore: logStore,
		LogFormat: 1, SnapshotFormat: 1, Created: time.Now().UTC()}
	return d.save(d.id)
}

// save writes the identity so that after a crash either the old or the new one is there.
func (d *Dir) save(id identity) error {
	raw, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(d.path, identityFile)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(raw, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = syncDir(d.path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	d.id = id
	return nil
}

func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return f.Sync()
}

// admitLog refuses to start a node without its log under its old id.
func (d *Dir) admitLog(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && d.id.Cluster != "" {
		return fmt.Errorf("%s is missing, but node %s belongs to a cluster: restore the file, or move the data directory away and start again under a new id", path, d.id.ID)
	}
	return nil
}

// Path returns the directory.
func (d *Dir) Path() string { return d.path }

// NodeID returns the id that was minted with the directory.
func (d *Dir) NodeID() string { d.mu.Lock(); defer d.mu.Unlock(); return d.id.ID }

// Name returns what people call the node.
func (d *Dir) Name() string { d.mu.Lock(); defer d.mu.Unlock(); return d.id.Name }

// Cluster returns the id of the cluster that the node belongs to; empty while it is fresh.
func (d *Dir) Cluster() string { d.mu.Lock(); defer d.mu.Unlock(); return d.id.Cluster }

// Generation returns the life of the cluster that the node belongs to.
func (d *Dir) Generation() uint64 { d.mu.Lock(); defer d.mu.Unlock(); return d.id.Generation }

// SetCluster makes the node a member of a cluster, durably. A node that belongs to another one refuses.
func (d *Dir) SetCluster(cluster string, generation uint64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.id.Cluster != "" && d.id.Cluster != cluster {
		return fmt.Errorf("node %s belongs to cluster %s, not to %s: move its data directory away to let it join another", d.id.ID, d.id.Cluster, cluster)
	}
	id := d.id
	id.Cluster, id.Generation = cluster, generation
	return d.save(id)
}

// Pledge returns the proposal of a new cluster that the node agreed to, or nil.
func (d *Dir) Pledge() []byte { d.mu.Lock(); defer d.mu.Unlock(); return d.id.Pledge }

// SetPledge durably agrees to one proposal. Agreeing to another one later is an error.
func (d *Dir) SetPledge(proposal []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.id.Pledge != nil && string(d.id.Pledge) != string(proposal) {
		return errors.New("this node pledged to another proposal of a cluster before")
	}
	id := d.id
	id.Pledge = append([]byte{}, proposal...)
	return d.save(id)
}

// Close unlocks the directory.
func (d *Dir) Close() error { return d.lock.Close() }
