package fsm

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
	"maps"

	"github.com/sessnode/sessnode/internal/slab"
)

// A snapshot is the magic "SSNP", a version byte, and blocks: length and CRC-32C of the payload (4 bytes each, big endian), then
// the payload, which starts with its kind. One block of single values, blocks of apps, sessions, tombstones and remembered operations, and
// a footer with the counts and the state hash. Indexes are not in it: a restore builds them.
const (
	snapshotMagic   = "SSNP"
	snapshotVersion = 2
	blockBytes      = 256 << 10 // a block is closed once it is larger
	maxBlockBytes   = 8 << 20   // what a reader takes: blockBytes and the largest record, with room
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Snapshot is a captured state. Capturing takes microseconds, some more for each million of sessions; writing does not hold
// up Apply, but the first change to a page of the tables that is still captured copies that page, and no memory is used again.
type Snapshot struct {
	release    func()
	meta       []byte
	index      uint64
	total      Hash
	stats      Stats
	now        int64
	apps       []app
	sessions   *slab.Frozen
	tombstones *slab.Frozen
	view       slab.View
	window     [][]slab.Loc
	stale      map[slab.Loc]struct{}
	arena      *slab.Arena // its memory goes with it
}

// Snapshot captures the present state. Release must be called once.
func (m *Machine) Snapshot() *Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := newWriter(0)
	w.meta(m)
	s := &Snapshot{meta: w.buf, index: m.index, total: m.total(), stats: m.totals(), now: m.now, sessions: m.sessions.Capture(),
		tombstones: m.tombstones.Capture(), view: m.arena.Pin(), window: m.window.queue.Capture(), stale: maps.Clone(m.window.stale), arena: m.arena}
	for _, a := range m.apps {
		s.apps = append(s.apps, *a)
	}
	// These, not the machine's: a restore meanwhile gives it others, whose captures must stay counted.
	sessions, tombstones, arena := m.sessions, m.tombstones, m.arena
	s.release = func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		sessions.Release()
		tombstones.Release()
		arena.Unpin()
	}
	return s
}

// At returns the position of the captured state.
func (s *Snapshot) At() uint64 { return s.index }

// Stats returns the totals of the captured state, and its committed cluster time in ns.
func (s *Snapshot) Stats() (totals Stats, now int64) { return s.stats, s.now }

// Release lets go of the captured state.
func (s *Snapshot) Release() { s.release() }

// Write streams the snapshot.
func (s *Snapshot) Write(w io.Writer) error {
	b := &blockWriter{out: bufio.NewWriterSize(w, 1<<20), block: newWriter(0)}
	_, b.err = b.out.WriteString(snapshotMagic + string(rune(snapshotVersion)))
	b.start(kindMeta)
	b.block.uint(s.index)
	b.block.buf = append(b.block.buf, s.meta...)
	for i := range s.apps {
		b.next(kindApp)
		b.block.app(&s.apps[i])
	}
	put := func(k kind) func(raw []byte) {
		return func(raw []byte) {
			b.next(k)
			b.block.raw(raw)
		}
	}
	s.sessions.All(put(kindSession))
	s.tombstones.All(put(kindTombstone))
	remembered := uint64(0)
	for _, page := range s.window {
		for _, l := range page {
			if _, stale := s.stale[l]; !stale {
				put(kindWindow)(s.view.Bytes(l))
				remembered++
			}
		}
	}
	b.next(kindFooter)
	for _, n := range []uint64{uint64(len(s.apps)), uint64(s.sessions.Len()), uint64(s.tombstones.Len()), remembered} {
		b.block.uint(n)
	}
	b.block.raw(s.total[:])
	b.flush()
	if b.err == nil {
		b.err = b.out.Flush()
	}
	s.arena.Keep()
	return b.err
}

// blockWriter gathers records of one kind into blocks.
type blockWriter struct {
	out   *bufio.Writer
	block *writer
	kind  kind
	err   error
}

func (b *blockWriter) start(k kind) {
	b.kind = k
	b.block.buf = append(b.block.buf[:0], byte(k))
}

// next makes room for one more record of a kind.
func (b *blockWriter) next(k kind) {
	if b.kind == k && len(b.block.buf) < blockBytes {
		return
	}
	b.flush()
	b.start(k)
}

func (b *blockWriter) flush() {
	if b.err != nil {
		return
	}
	payload := b.block.buf
	var head [8]byte
	binary.BigEndian.PutUint32(head[:4], uint32(len(payload)))
	binary.BigEndian.PutUint32(head[4:], crc32.Checksum(payload, castagnoli))
	if _, b.err = b.out.Write(head[:]); b.err == nil {
		_, b.err = b.out.Write(payload)
	}
}
