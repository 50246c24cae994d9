package fsm

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/slab"
)

// WindowBytes bounds what the exactly-once window may take. Above it a change that carries an operation id gets ErrUnavailable: the
// window never forgets early. It is part of the rules of the log: all nodes must have the same.
const WindowBytes = 1 << 30

// opKey is the SHA-256 prefix of app, key and operation id: nobody can craft an id that meets another client's.
type opKey [16]byte

func opKeyOf(op *Op) opKey {
	w := hashing(kindWindow)
	w.buf = append(append(w.buf, byte(len(op.App))), op.App...)
	k := keyOf(op.Change)
	w.buf = append(append(w.buf, k[:]...), op.OpID[:]...)
	sum := sha256.Sum256(w.buf)
	w.done()
	return opKey(sum[:16])
}

// keyOf returns the key under which a change's operation id is remembered: zero for changes of no single token.
func keyOf(c sessnode.Change) sessnode.Key {
	switch c := c.(type) {
	case sessnode.Create:
		return c.Key
	case sessnode.Patch:
		return c.Key
	case sessnode.Replace:
		return c.Key
	case sessnode.Pop:
		return c.Key
	case sessnode.TouchOne:
		return c.Key
	case sessnode.Rotate:
		return c.Key
	case sessnode.Revoke:
		return c.Key
	}
	return sessnode.Key{}
}

// window are the operations that are remembered: a queue in order of age, and an index into it.
type window struct {
	arena  *slab.Arena
	hasher slab.Hasher
	byKey  *slab.Index // of places in the arena
	queue  *slab.Queue
	stale  map[slab.Loc]struct{} // in the queue, but replaced since: out of date, and not hashed any more
	loaded uint64                // the serial of the last one that was read from a snapshot
	buf    []byte
}

func newWindow(a *slab.Arena) *window {
	return &window{arena: a, hasher: slab.NewHasher(), byKey: slab.NewIndex(a), queue: slab.NewQueue(a), stale: map[slab.Loc]struct{}{}}
}

func (w *window) find(k *opKey) (slab.Loc, bool) {
	at, found := w.byKey.Find(w.hasher.Bytes(0, k[:]), func(l uint32) bool { return bytes.Equal(w.arena.Bytes(slab.Loc(l))[:len(k)], k[:]) })
	return slab.Loc(at), found
}

func (w *window) add(e *remembered) {
	l := w.arena.Put(e.raw)
	w.byKey.Add(w.hasher.Bytes(0, e.key[:]), uint32(l))
	w.queue.Push(l)
}

// remembered is the first effect of an operation. What is stored is immutable.
type remembered struct {
	key    opKey
	digest Hash // of app and change
	serial uint64
	at     int64  // cluster time, ns
	effect []byte // by putEffect
	raw    []byte
}

// cost is about what the operation takes in memory, its index entry included.
func (e *remembered) cost() uint64 { return 72 + uint64(len(e.effect)) }

// put writes the operation as it is stored, hashed and sent.
func (e *remembered) put(b []byte) []byte {
	b = append(append(b, e.key[:]...), e.digest[:]...)
	return append(binary.AppendUvarint(putTime(b, e.at), e.serial), e.effect...)
}

// take reads what put wrote, and reports whether it could. It shares the memory of raw.
func (e *remembered) take(raw []byte) bool {
	c := cursor{rest: raw}
	copy(e.key[:], c.bytes(uint64(len(e.key))))
	copy(e.digest[:], c.bytes(uint64(len(e.digest))))
	e.at, e.serial, e.raw = c.time(), c.uint(), raw
	e.effect = c.rest
	return !c.bad
}

// recall answers an operation that was done before. done is false where it is to be made.
func (m *Machine) recall(op *Op, at slab.Loc) (res Result, done bool) {
	if doubleApply() {
		return Result{}, false
	}
	var e remembered
	e.take(m.arena.Bytes(at))
	if e.at+int64(sessnode.OpWindow) <= m.now {
		return Result{}, false
	}
	if e.digest != op.digest() {
		return refuse(sessnode.Errorf(sessnode.CodeConflict, sessnode.ReasonOpReused, "this operation id was used for another change: use a new one")), true
	}
	res, readable := takeEffect(e.effect, op.App)
	if !readable {
		panic("fsm: remembered result cannot be read") // our own bytes: this replica would diverge
	}
	m.stats.Replays++
	res.Effect.Replayed = true
	return res, true
}

// remember keeps the effect of an operation, refusals included: a late copy of a refused change must not be made after its
// sender was told that it was not. old is what the window has under the same key, out of date and not yet removed; 0 = nothing.
func (m *Machine) remember(op *Op, k *opKey, old slab.Loc, res *Result) {
	if old != 0 {
		m.dropRemembered(old)
		m.window.stale[old] = struct{}{}
	}
	m.serial++
	w := m.window
	w.buf = putEffect(w.buf[:0], res)
	e := remembered{key: *k, digest: op.digest(), serial: m.serial, at: m.now, effect: w.buf}
	n := len(w.buf)
	w.buf = e.put(w.buf)
	e.raw = w.buf[n:]
	m.keep(&e)
}

// keep adds an operation to the window.
func (m *Machine) keep(e *remembered) {
	m.window.add(e)
	m.windowBytes += e.cost()
	m.hash = m.hash.plus(hashOf(kindWindow, e.raw))
}

// dropRemembered takes an operation out of the window; the queue still has it.
func (m *Machine) dropRemembered(at slab.Loc) {
	var e remembered
	e.take(m.arena.Bytes(at))
	m.window.byKey.Remove(m.window.hasher.Bytes(0, e.key[:]), uint32(at))
	m.windowBytes -= e.cost()
	m.hash = m.hash.minus(hashOf(kindWindow, e.raw))
}

// oldestRemembered is when the first operation of the queue was made.
func (m *Machine) oldestRemembered() (at int64, found bool) {
	l := m.window.queue.First()
	if l == 0 {
		return 0, false
	}
	var e remembered
	e.take(m.arena.Bytes(l))
	return e.at, true
}

// forget drops operations that are out of date, oldest first, at most a bounded number. An operation that was replaced while it
// waited here does not count: a replica that started from a snapshot does not have it.
func (m *Machine) forget(most int) {
	for most > 0 {
		at, found := m.oldestRemembered()
		if !found || at+int64(sessnode.OpWindow) > m.now {
			return
		}
		l := m.window.queue.First()
		m.window.queue.Pop()
		if _, stale := m.window.stale[l]; stale {
			delete(m.window.stale, l)
		} else {
			m.dropRemembered(l)
			most--
		}
		m.arena.Free(l)
	}
}
