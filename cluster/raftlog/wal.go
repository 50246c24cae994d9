package raftlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

const (
	walName      = "raft.wal"
	segmentBytes = 16 << 20 // rotation costs five syncs, on a goroutine of raft-wal's
)

// walLog is raft-wal over files of ours.
type walLog struct {
	*wal.WAL
	files *walFiles
	dir   *Dir
}

var _ engine = (*walLog)(nil)

// openWAL checks the log, ends what a crash has cut off, and opens it.
func openWAL(dir *Dir, size int) (engine, error) {
	path := dir.LogPath()
	if err := os.Mkdir(path, 0o700); err == nil {
		err = syncDir(dir.path)
		if err != nil {
			return nil, err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	files := newWALFiles(path, int64(size))
	meta, err := openMetaStore(files)
	if err != nil {
		return nil, err
	}
	if err := mendWAL(dir, files, meta); err != nil {
		return nil, err
	}
	w, err := wal.Open(path, wal.WithSegmentFiler(segment.NewFiler(path, files)), wal.WithMetaStore(meta),
		wal.WithSegmentSize(size), wal.WithLogger(hclog.NewNullLogger()))
	if err != nil {
		return nil, damaged(path, "%v", err)
	}
	return &walLog{w, files, dir}, nil
}

// mendWAL checks the log, and does what raft-wal leaves undone after a crash: the remains of a torn write are zeroed (it would find an
// index among them and refuse all writes); a segment that was sealed and not recorded as such gets its successor (it would refuse all
// writes, too); files that are recorded no more are removed (it does so without a look at what they hold).
func mendWAL(dir *Dir, files *walFiles, meta *metaStore) error {
	covered, err := dir.covered()
	if err != nil {
		return err
	}
	all, err := checkWAL(files.dir, meta.meta, covered)
	if err != nil {
		return err
	}
	if err := removeLeftovers(files.dir, meta.meta); err != nil {
		return err
	}
	if len(all) == 0 {
		return nil
	}
	tail := all[len(all)-1]
	if tail.torn > 0 {
		f, err := os.OpenFile(tail.path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(files.zero(f, tail.end, tail.torn-tail.end), f.Close()); err != nil {
			return err
		}
	}
	if tail.index == 0 {
		return nil
	}
	state := meta.meta.PersistentState
	state.Segments = append([]types.SegmentInfo{}, state.Segments...)
	sealed := &state.Segments[len(state.Segments)-1]
	sealed.SealTime, sealed.MaxIndex, sealed.IndexStart = time.Now(), tail.last(), tail.index
	state.Segments = append(state.Segments, types.SegmentInfo{ID: state.NextSegmentID, BaseIndex: tail.last() + 1, MinIndex: tail.last() + 1,
		Codec: sealed.Codec, SizeLimit: sealed.SizeLimit, CreateTime: time.Now()})
	state.NextSegmentID++
	return meta.CommitState(state)
}

// removeLeftovers removes files that are recorded no more, or not yet. One that is newer than the record and holds something says that
// the record is an older one.
func removeLeftovers(path string, m walMeta) error {
	var known []string
	for _, si := range m.Segments {
		known = append(known, segment.FileName(si))
	}
	rest, err := leftovers(path, known)
	if err != nil {
		return err
	}
	for _, name := range rest {
		file := filepath.Join(path, name)
		var base, id uint64
		if n, _ := fmt.Sscanf(name, "%020d-%016x.wal", &base, &id); n == 2 && id >= m.NextSegmentID {
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if !blank(data, 0, int64(len(data))) {
				return damaged(filepath.Join(path, walMetaName), "is older than segment %s", name)
			}
		}
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

// StoreLogs appends. Behind a snapshot that came from the leader it begins anew: Raft removes what was before, unless a crash comes
// between, and raft-wal knows no gaps.
func (w *walLog) StoreLogs(logs []*raft.Log) error {
	if len(logs) == 0 {
		return nil
	}
	last, err := w.LastIndex()
	if err != nil {
		return err
	}
	if first := logs[0].Index; last != 0 && first > last+1 {
		covered, err := w.dir.covered()
		if err != nil {
			return err
		}
		if first > covered+1 {
			return fmt.Errorf("entry %d follows on %d, and the newest snapshot ends at %d", first, last, covered)
		}
		if err := w.DeleteRange(1, last); err != nil {
			return err
		}
	}
	return w.WAL.StoreLogs(logs)
}

// StoreLog appends one entry.
func (w *walLog) StoreLog(l *raft.Log) error { return w.StoreLogs([]*raft.Log{l}) }

// GetLog returns no entry that was deleted; raft-wal does while its segment is the newest. What is not found must be raft's error itself: Raft
// compares, and sends a snapshot.
func (w *walLog) GetLog(index uint64, l *raft.Log) error {
	first, err := w.FirstIndex()
	if err != nil {
		return err
	}
	if index < first {
		return raft.ErrLogNotFound
	}
	return w.WAL.GetLog(index, l)
}

// Get says "not found" as Raft expects it; raft-wal returns nothing.
func (w *walLog) Get(key []byte) ([]byte, error) {
	value, err := w.WAL.Get(key)
	if err == nil && value == nil {
		err = errNotFound
	}
	return value, err
}

var errNotFound = errors.New("not found") // the text is what hashicorp/raft compares

// Close waits for what is being prepared in the background.
func (w *walLog) Close() error {
	err := w.WAL.Close()
	w.files.close()
	return err
}

func (w *walLog) commits() uint64   { return w.files.syncs.Load() }
func (w *walLog) syncs() uint64     { return w.files.syncs.Load() }
func (w *walLog) sizeBytes() uint64 { return w.files.bytes() }

// walReader reads a log of a node that is not running, and changes nothing.
type walReader struct {
	Backend // nil: it is not written
	meta    walMeta
	all     []*walSegment
}

func readWAL(dir *Dir) (*walReader, error) {
	path := dir.LogPath()
	m, err := readWALMeta(path)
	if err != nil {
		return nil, err
	}
	covered, err := dir.covered()
	if err != nil {
		return nil, err
	}
	all, err := checkWAL(path, m, covered)
	return &walReader{meta: m, all: all}, err
}

func (r *walReader) FirstIndex() (uint64, error) { first, _ := walEnds(r.all); return first, nil }
func (r *walReader) LastIndex() (uint64, error)  { _, last := walEnds(r.all); return last, nil }

func (r *walReader) Get(key []byte) ([]byte, error) {
	if value := r.meta.Stable[string(key)]; value != nil {
		return value, nil
	}
	return nil, errNotFound
}

func (r *walReader) GetLog(index uint64, l *raft.Log) error {
	for _, s := range r.all {
		if index < max(s.BaseIndex, s.MinIndex) || index > s.last() {
			continue
		}
		f, err := os.Open(s.path)
		if err != nil {
			return err
		}
		data, err := readFrame(f, int64(s.offsets[index-s.BaseIndex]))
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		return (&wal.BinaryCodec{}).Decode(data, l)
	}
	return raft.ErrLogNotFound
}

func readFrame(f io.ReaderAt, at int64) ([]byte, error) {
	var head [frameHeader]byte
	if _, err := f.ReadAt(head[:], at); err != nil {
		return nil, err
	}
	data := make([]byte, binary.LittleEndian.Uint32(head[4:]))
	_, err := f.ReadAt(data, at+frameHeader)
	return data, err
}
