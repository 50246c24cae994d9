package fsm

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// A snapshot is the magic "SSNP", a version byte, and blocks: length and CRC-32C of the payload (4 bytes each, big endian), then
// the payload, which starts with its kind. One block of single values, blocks of apps, sessions, tombstones and remembered operations, and
// a footer with the counts and the state hash. Indexes are not in it: a restore builds them.
const (
	snapshotMagic   = "SSNP"
	snapshotVersion = 1
	blockBytes      = 256 << 10 // a block is closed once it is larger
	maxBlockBytes   = 8 << 20   // what a reader takes: blockBytes and the largest record, with room
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Snapshot is a captured state. Capturing takes microseconds whatever the number of sessions; writing does not hold up Apply, but
// the first change to a part of the state that is still captured copies that part.
type Snapshot struct {
	release    func()
	meta       []byte
	index      uint64
	total      Hash
	stats      Stats
	now        int64
	apps       []app
	sessions   []map[slot]*record
	tombstones []map[slot]*tombstone
	window     []map[opKey]*remembered
}

// Snapshot captures the present state. Release must be called once.
func (m *Machine) Snapshot() *Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := newWriter(0)
	w.meta(m)
	s := &Snapshot{meta: w.buf, index: m.index, total: m.total(), stats: m.totals(), now: m.now, sessions: m.sessions.capture(),
		tombstones: m.tombstones.capture(), window: m.window.capture()}
	for _, a := range m.apps {
		s.apps = append(s.apps, *a)
	}
	// These tables, not the machine's: a restore meanwhile gives it others, whose captures must stay counted.
	sessions, tombstones, window := m.sessions, m.tombstones, m.window
	s.release = func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		sessions.release()
		tombstones.release()
		window.release()
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
	var sessions, tombstones, window uint64
	for _, shard := range s.sessions {
		for at, r := range shard {
			b.next(kindSession)
			b.block.record(at, r)
		}
		sessions += uint64(len(shard))
	}
	for _, shard := range s.tombstones {
		for at, t := range shard {
			b.next(kindTombstone)
			b.block.tombstone(at, t)
		}
		tombstones += uint64(len(shard))
	}
	for _, shard := range s.window {
		for k, e := range shard {
			b.next(kindWindow)
			b.block.remembered(k, e)
		}
		window += uint64(len(shard))
	}
	b.next(kindFooter)
	for _, n := range []uint64{uint64(len(s.apps)), sessions, tombstones, window} {
		b.block.uint(n)
	}
	b.block.raw(s.total[:])
	b.flush()
	if b.err == nil {
		b.err = b.out.Flush()
	}
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
