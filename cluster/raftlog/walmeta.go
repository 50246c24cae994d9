package raftlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// walMetaName is the file that says which segments there are, and that holds term and vote.
const walMetaName = "meta"

// walMeta is the content of that file. raft-wal's own store for it is a bbolt file without checksums, in which a flipped bit may hide
// a segment; this one is small, is replaced as a whole, and is readable with any editor.
type walMeta struct {
	types.PersistentState
	Stable map[string][]byte // term, vote and owner; the values are sealed by checksums
}

// encode puts the CRC-32C of the content in front of it.
func (m walMeta) encode() ([]byte, error) {
	content, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(fmt.Appendf(nil, "%08x\n", crc32.Checksum(content, castagnoli())), content...), nil
}

// decodeWALMeta returns an error, without file and cure, for what encode did not make.
func decodeWALMeta(data []byte) (walMeta, error) {
	head, content, found := bytes.Cut(data, []byte("\n"))
	sum, err := strconv.ParseUint(string(head), 16, 32)
	if !found || len(head) != 8 || err != nil || uint32(sum) != crc32.Checksum(content, castagnoli()) {
		return walMeta{}, errors.New("checksum does not match")
	}
	var m walMeta
	if err := json.Unmarshal(content, &m); err != nil {
		return walMeta{}, err
	}
	return m, nil
}

// readWALMeta returns fs.ErrNotExist where there is none, and wraps ErrDamaged.
func readWALMeta(dir string) (walMeta, error) {
	path := filepath.Join(dir, walMetaName)
	data, err := os.ReadFile(path)
	if err != nil {
		return walMeta{}, err
	}
	m, err := decodeWALMeta(data)
	if err != nil {
		return walMeta{}, damaged(path, "%v", err)
	}
	return m, nil
}

// metaStore is a types.MetaStore over that file. It is safe for concurrent use.
type metaStore struct {
	files *walFiles

	mu   sync.Mutex
	meta walMeta // as it is on disk
}

var _ types.MetaStore = (*metaStore)(nil)

// openMetaStore reads the file; a log without one is new.
func openMetaStore(files *walFiles) (*metaStore, error) {
	m, err := readWALMeta(files.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return &metaStore{files: files, meta: m}, nil
}

// Load returns which segments there are.
func (s *metaStore) Load(string) (types.PersistentState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meta.PersistentState, nil
}

// CommitState records which segments there are. A new one is put into its place before it is recorded: raft-wal would do so after it,
// and take a recorded segment that is missing for one that was never made. So here a missing one is always damage.
func (s *metaStore) CommitState(state types.PersistentState) error {
	for _, si := range state.Segments {
		if si.SealTime.IsZero() && !s.has(si.ID) {
			if err := s.files.place(segment.FileName(si)); err != nil {
				return err
			}
		}
	}
	return s.change(func(m *walMeta) { m.PersistentState = state })
}

func (s *metaStore) has(id uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.meta.Segments, func(si types.SegmentInfo) bool { return si.ID == id })
}

// GetStable returns a value of the stable store; nil where there is none.
func (s *metaStore) GetStable(key []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.meta.Stable[string(key)]), nil
}

// SetStable records a value of the stable store.
func (s *metaStore) SetStable(key, value []byte) error {
	return s.change(func(m *walMeta) {
		m.Stable = maps.Clone(m.Stable)
		if m.Stable == nil {
			m.Stable = map[string][]byte{}
		}
		m.Stable[string(key)] = bytes.Clone(value)
	})
}

// Close does nothing: no file is kept open.
func (s *metaStore) Close() error { return nil }

// change edits the file: on disk first, then in memory.
func (s *metaStore) change(edit func(*walMeta)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.meta
	edit(&next)
	data, err := next.encode()
	if err != nil {
		return err
	}
	if err := s.files.replace(walMetaName, data); err != nil {
		return err
	}
	s.meta = next
	return nil
}
