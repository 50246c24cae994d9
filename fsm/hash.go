package fsm

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"sync"

	"github.com/zeebo/xxh3"
)

// Hash is a 128-bit hash of a whole state: the sum modulo 2^128 of one XXH3-128 for each session, tombstone, remembered operation and
// app, as they are stored. A sum does not depend on order, so it is kept up to date by adding what appears and subtracting what goes. It
// finds replicas that diverged, and snapshots that were damaged, by accident; it is no proof against somebody who crafts values, who
// would have to make replicas diverge first to gain anything.
type Hash [16]byte

// String returns 32 hex digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

func (h Hash) plus(o Hash) Hash {
	lo, carry := bits.Add64(binary.BigEndian.Uint64(h[8:]), binary.BigEndian.Uint64(o[8:]), 0)
	hi, _ := bits.Add64(binary.BigEndian.Uint64(h[:8]), binary.BigEndian.Uint64(o[:8]), carry)
	return join(hi, lo)
}

func (h Hash) minus(o Hash) Hash {
	lo, borrow := bits.Sub64(binary.BigEndian.Uint64(h[8:]), binary.BigEndian.Uint64(o[8:]), 0)
	hi, _ := bits.Sub64(binary.BigEndian.Uint64(h[:8]), binary.BigEndian.Uint64(o[:8]), borrow)
	return join(hi, lo)
}

func join(hi, lo uint64) (h Hash) {
	binary.BigEndian.PutUint64(h[:8], hi)
	binary.BigEndian.PutUint64(h[8:], lo)
	return h
}

// kind separates the domains of the hash and names the blocks of a snapshot.
type kind byte

const (
	kindMeta      kind = 'M'
	kindApp       kind = 'A'
	kindSession   kind = 'S'
	kindTombstone kind = 'T'
	kindWindow    kind = 'W'
	kindFooter    kind = 'F'
)

// hashers are writers that wait for something to be hashed. They hold no state, only memory: every change hashes a dozen
// small things.
var hashers = sync.Pool{New: func() any { return newWriter(0) }}

// maxKept is how large a buffer may be that is kept.
const maxKept = 16 << 10

// hashing starts to write canonical bytes that are to be hashed within a domain. Each writer that it returns ends with sum.
func hashing(k kind) *writer {
	w := hashers.Get().(*writer)
	w.buf = append(w.buf[:0], byte(k))
	return w
}

// sum hashes what was written. The writer must not be used any more.
func (w *writer) sum() Hash {
	sum := xxh3.Hash128(w.buf)
	w.done()
	return join(sum.Hi, sum.Lo)
}

// done gives the writer back.
func (w *writer) done() {
	if cap(w.buf) <= maxKept {
		hashers.Put(w)
	}
}

// hashOf hashes what is stored within a domain.
func hashOf(k kind, raw []byte) Hash {
	sum := xxh3.Hash128(raw)
	return join(sum.Hi, sum.Lo+uint64(k)*0x9e3779b97f4a7c15)
}
