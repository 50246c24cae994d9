package raftlog

import (
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// unfinished ends the names of snapshots that are being written, as the library has it, and here also of those that are being removed. Nobody
// takes either for a snapshot.
const unfinished = ".tmp"

// Snapshots keeps the newest snapshots of a data directory, as raft.FileSnapshotStore does, but that it removes what is older slowly, beside
// the log's writes, and also what a crash left unfinished. It is safe for concurrent use.
type Snapshots struct {
	files *raft.FileSnapshotStore // which keeps all
	dir   string
	keep  int
	log   hclog.Logger
	old   remover

	mu   sync.Mutex
	read map[string]int // readers of each
}

var _ raft.SnapshotStore = (*Snapshots)(nil)

// OpenSnapshots opens the snapshots of a data directory, of which it keeps so many. Nothing may be writing one.
func OpenSnapshots(d *Dir, keep int, logger hclog.Logger) (*Snapshots, error) {
	files, err := raft.NewFileSnapshotStoreWithLogger(d.path, math.MaxInt, calm{logger})
	if err != nil {
		return nil, err
	}
	s := &Snapshots{files: files, dir: d.path, keep: max(keep, 1), log: logger, old: remover{pieces: true}, read: map[string]int{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resume()
	s.reap()
	return s, nil
}

// calm is the library's logger. The library warns with each look at the snapshots that one is being written, which is how it should be.
type calm struct{ hclog.Logger }

// Warn passes on all but that.
func (c calm) Warn(msg string, args ...any) {
	if msg == "found temporary snapshot" {
		c.Debug(msg, args...)
		return
	}
	c.Logger.Warn(msg, args...)
}

// Close ends the removal of what is old; the next start goes on with it.
func (s *Snapshots) Close() { s.old.close() }

// Create begins a snapshot.
func (s *Snapshots) Create(version raft.SnapshotVersion, index, term uint64, c raft.Configuration, configured uint64, t raft.Transport) (raft.SnapshotSink, error) {
	sink, err := s.files.Create(version, index, term, c, configured, t)
	if err != nil {
		return nil, err
	}
	return &sinking{SnapshotSink: sink, of: s}, nil
}

// sinking is a snapshot that is being written.
type sinking struct {
	raft.SnapshotSink
	of *Snapshots
}

// Close completes the snapshot, durably. Then one that was kept until now may be one too many.
func (k *sinking) Close() error {
	if err := k.SnapshotSink.Close(); err != nil {
		k.abandon()
		return err
	}
	k.of.mu.Lock()
	defer k.of.mu.Unlock()
	k.of.reap()
	return nil
}

// Cancel gives the snapshot up.
func (k *sinking) Cancel() error {
	defer k.abandon()
	return k.SnapshotSink.Cancel()
}

// abandon removes what the library left, which it does after a write that failed. With the disk full that is what has to go.
func (k *sinking) abandon() {
	if path := k.of.path(k.ID() + unfinished); exists(path) {
		k.of.remove(path)
	}
}

// List returns those that are kept, newest first.
func (s *Snapshots) List() ([]*raft.SnapshotMeta, error) {
	all, err := s.files.List()
	return all[:min(len(all), s.keep)], err
}

// Open opens a snapshot, after it compared its checksum. It stays whole until the reader is closed.
func (s *Snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	s.mu.Lock()
	s.read[id]++
	s.mu.Unlock()
	meta, content, err := s.files.Open(id)
	if err != nil {
		s.leave(id)
		return nil, nil, err
	}
	return meta, &reading{ReadCloser: content, leave: sync.OnceFunc(func() { s.leave(id) })}, nil
}

// reading is a snapshot that is being read.
type reading struct {
	io.ReadCloser
	leave func()
}

// Close lets go of the snapshot.
func (r *reading) Close() error {
	defer r.leave()
	return r.ReadCloser.Close()
}

// leave is told that a reader is done.
func (s *Snapshots) leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.read[id]--; s.read[id] <= 0 {
		delete(s.read, id)
		s.reap()
	}
}

// reap retires those that are too many, but for those that are read. The caller holds mu.
func (s *Snapshots) reap() {
	all, err := s.files.List()
	if err != nil {
		s.log.Error("snapshots cannot be listed", "error", err)
		return
	}
	for _, meta := range all[min(len(all), s.keep):] {
		if s.read[meta.ID] == 0 {
			s.retire(meta.ID)
		}
	}
}

// retire has a snapshot removed. Before any of it is gone its new name is durable: half a snapshot must never look like one.
func (s *Snapshots) retire(name string) {
	path := s.path(name + unfinished)
	err := os.Rename(s.path(name), path)
	if err == nil {
		err = syncDir(s.path(""))
	}
	if err != nil {
		s.log.Error("an old snapshot cannot be removed: it takes room until the next start", "name", name, "error", err)
		return
	}
	s.remove(path)
}

func (s *Snapshots) path(name string) string { return filepath.Join(s.dir, snapshotsName, name) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// remove has a folder removed, with the files in it.
func (s *Snapshots) remove(folder string) {
	entries, _ := os.ReadDir(folder) // what cannot be read is looked for again at the next start
	paths := make([]string, 0, len(entries)+1)
	for _, e := range entries {
		paths = append(paths, filepath.Join(folder, e.Name()))
	}
	s.old.add(append(paths, folder)...)
}

// resume goes on with what an earlier process did not finish: writing one, or removing one.
func (s *Snapshots) resume() {
	present, err := os.ReadDir(s.path(""))
	if err == nil {
		err = syncDir(s.path("")) // of one that was retired the new name may not be durable
	}
	if err != nil {
		s.log.Error("unfinished snapshots cannot be removed: they take room until the next start", "error", err)
		return
	}
	for _, e := range present {
		if e.IsDir() && strings.HasSuffix(e.Name(), unfinished) {
			s.remove(s.path(e.Name()))
		}
	}
}
