package raftlog

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft-wal/types"

	"github.com/sessnode/sessnode/internal/sabotage"
)

const (
	// walStep is by how much a segment without a predecessor grows; its size is always a multiple of it.
	walStep = 1 << 20

	// walMargin is how many zeros follow behind what was written, always: a file that was cut off ends without them.
	walMargin = 64 << 10

	spareName = "spare"
)

// walFiles is the types.VFS under raft-wal, in place of its own. Segments are filled with zeros before they are used: a write then changes
// no metadata of the file system and its sync waits for no journal (a tenth of the time at the 90th percentile on ext4, where
// fallocate alone does not help), and behind a write that was torn there is nothing but zeros, which tells it from damage.
//
// The next segment is made ready in the background, and old ones are removed there, on goroutines that close waits for.
type walFiles struct {
	dir     string
	size    int64 // of a segment
	syncs   atomic.Uint64
	noSync  bool
	working sync.WaitGroup
	spare   atomic.Int32 // spareNone and so on
	closed  atomic.Bool
	old     remover
}

const (
	spareNone   = iota // may be made
	spareMaking        // in the background
	spareReady
	spareFailed // not tried again for this segment
)

var _ types.VFS = (*walFiles)(nil)

func newWALFiles(dir string, size int64) *walFiles {
	w := &walFiles{dir: dir, size: max(size, walStep), noSync: sabotage.On(sabotage.NoFsync)}
	if _, err := os.Stat(filepath.Join(dir, spareName)); err == nil {
		w.spare.Store(spareReady)
	}
	return w
}

// close waits for what goes on in the background.
func (w *walFiles) close() {
	w.closed.Store(true)
	w.old.close()
	w.working.Wait()
}

// ListDir returns the names of the files, sorted.
func (w *walFiles) ListDir(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// place makes an empty segment, of the spare if there is one, durably.
func (w *walFiles) place(name string) error {
	path := filepath.Join(w.dir, name)
	var err error
	if w.spare.CompareAndSwap(spareReady, spareNone) {
		err = os.Rename(filepath.Join(w.dir, spareName), path)
	} else {
		err = w.fill(path, walStep)
		w.spare.CompareAndSwap(spareFailed, spareNone)
	}
	if err != nil {
		return err
	}
	return w.syncDir()
}

// fill makes a file of zeros.
func (w *walFiles) fill(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	for at := int64(0); at < size && err == nil && !w.closed.Load(); at += walStep {
		err = w.zero(f, at, walStep) // in steps, so that a write to the log does not wait for all of it
	}
	return errors.Join(err, f.Close())
}

// zero writes zeros, and makes them durable.
func (w *walFiles) zero(f *os.File, at, n int64) error {
	var zeros [64 << 10]byte
	for end := at + n; at < end; {
		wrote, err := f.WriteAt(zeros[:min(end-at, int64(len(zeros)))], at)
		if at += int64(wrote); err != nil {
			return err
		}
	}
	return w.sync(f)
}

// prepare begins to make the spare, once a segment is half full. That it cannot be made is no failure: the next segment then grows.
func (w *walFiles) prepare() {
	if !w.spare.CompareAndSwap(spareNone, spareMaking) {
		return
	}
	w.working.Go(func() {
		part := filepath.Join(w.dir, spareName+".tmp")
		err := w.fill(part, w.size)
		if err == nil && !w.closed.Load() {
			err = os.Rename(part, filepath.Join(w.dir, spareName))
		}
		if err != nil {
			_ = os.Remove(part)
			w.spare.Store(spareFailed)
			return
		}
		w.spare.Store(spareReady)
	})
}

// Create opens a segment that place has made.
func (w *walFiles) Create(dir, name string, _ uint64) (types.WritableFile, error) {
	return w.OpenWriter(dir, name)
}

// OpenWriter opens a segment for appending.
func (w *walFiles) OpenWriter(dir, name string) (types.WritableFile, error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &walFile{File: f, files: w, zeroed: info.Size()}, nil
}

// OpenReader opens a segment for reading.
func (w *walFiles) OpenReader(dir, name string) (types.ReadableFile, error) {
	return os.Open(filepath.Join(dir, name))
}

// Delete removes a segment that is recorded no more, in the background: raft-wal holds up every write meanwhile, and a log that is cut has
// many segments, of which a file system frees some dozen a second. It need not be durable: what is there at the next start is removed then.
func (w *walFiles) Delete(_, name string) error {
	w.old.add(filepath.Join(w.dir, name))
	return nil
}

func (w *walFiles) sync(f *os.File) error {
	if w.noSync {
		return nil
	}
	w.syncs.Add(1)
	return datasync(f)
}

func (w *walFiles) syncDir() error {
	if w.noSync {
		return nil
	}
	w.syncs.Add(1)
	return syncDir(w.dir)
}

// replace puts data into a file, whole and durably.
func (w *walFiles) replace(name string, data []byte) error {
	if w.noSync {
		return os.WriteFile(filepath.Join(w.dir, name), data, 0o600)
	}
	w.syncs.Add(2)
	return replaceFile(w.dir, name, data)
}

// bytes returns the size of all files.
func (w *walFiles) bytes() uint64 {
	entries, _ := os.ReadDir(w.dir)
	var sum uint64
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			sum += uint64(info.Size())
		}
	}
	return sum
}

// walFile is a segment being written. raft-wal has one writer at a time.
type walFile struct {
	*os.File
	files  *walFiles
	zeroed int64 // size of the file
}

// WriteAt writes into zeros, of which there are always some left behind it.
func (f *walFile) WriteAt(p []byte, at int64) (int, error) {
	end := at + int64(len(p))
	if need := end + walMargin - f.zeroed; need > 0 {
		need = (need + walStep - 1) / walStep * walStep
		if err := f.files.zero(f.File, f.zeroed, need); err != nil {
			return 0, err
		}
		f.zeroed += need
	}
	if end > f.files.size/2 {
		f.files.prepare()
	}
	return f.File.WriteAt(p, at)
}

// Sync makes what was written durable.
func (f *walFile) Sync() error { return f.files.sync(f.File) }

// leftovers returns the files that no state knows: segments that were recorded no more when a crash came, or not yet.
func leftovers(dir string, known []string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var rest []string
	for _, e := range entries {
		switch name := e.Name(); {
		case name == walMetaName, name == spareName, slices.Contains(known, name):
		default:
			rest = append(rest, name)
		}
	}
	return rest, nil
}
