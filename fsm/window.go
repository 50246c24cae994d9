package fsm

import (
	"encoding/binary"

	"github.com/sessnode/sessnode"
)

// WindowBytes bounds what the exactly-once window may take. Above it a change that carries an operation id gets ErrUnavailable: the
// window never forgets early. It is part of the rules of the log: all nodes must have the same.
const WindowBytes = 1 << 30

// opKey is the hash of app, key and operation id.
type opKey [16]byte

func (k opKey) shard() uint16 { return binary.BigEndian.Uint16(k[:]) }

func opKeyOf(op *Op) opKey {
	w := hashing(kindWindow)
	w.text(op.App)
	k := keyOf(op.Change)
	w.raw(k[:])
	w.raw(op.OpID[:])
	return opKey(w.sum())
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

// remembered is the first effect of an operation. Immutable.
type remembered struct {
	digest Hash // of app and change
	serial uint64
	at     int64  // cluster time, ns
	result []byte // by EncodeResult
	sum    Hash
}

func (e *remembered) cost() uint64 { return 192 + uint64(len(e.result)) }

func (e *remembered) seal(k opKey) {
	w := hashing(kindWindow)
	w.remembered(k, e)
	e.sum = w.sum()
}

const rememberedFields = 5

func (w *writer) remembered(k opKey, e *remembered) {
	w.array(rememberedFields)
	w.raw(k[:])
	w.raw(e.digest[:])
	w.uint(e.serial)
	w.int(e.at)
	w.raw(e.result)
}

func (r *reader) remembered() (k opKey, e *remembered) {
	e = &remembered{}
	r.array(rememberedFields, rememberedFields)
	r.fixed(k[:])
	r.fixed(e.digest[:])
	e.serial, e.at, e.result = r.uint(), r.int(), r.bytes(maxOpBytes)
	e.seal(k)
	return k, e
}

// queued is one operation in the order in which it will be forgotten.
type queued struct {
	key    opKey
	serial uint64
	at     int64
}

// recall answers an operation that was done before. done is false where it is to be made.
func (m *Machine) recall(op *Op, k opKey) (res Result, done bool) {
	e, found := m.window.get(k)
	if !found || e.at+int64(sessnode.OpWindow) <= m.now || doubleApply() {
		return Result{}, false
	}
	if e.digest != op.digest() {
		return refuse(sessnode.Errorf(sessnode.CodeConflict, sessnode.ReasonOpReused, "this operation id was used for another change: use a new one")), true
	}
	res, err := DecodeResult(e.result)
	if err != nil {
		panic("fsm: remembered result cannot be read: " + err.Error()) // our own bytes: this replica would diverge
	}
	m.stats.Replays++
	res.Effect.Replayed = true
	return res, true
}

// remember keeps the effect of an operation, refusals included: a late copy of a refused change must not be made after its
// sender was told that it was not.
func (m *Machine) remember(op *Op, k opKey, res Result) {
	encoded, err := EncodeResult(res)
	if err != nil {
		panic("fsm: result cannot be encoded: " + err.Error())
	}
	if old, found := m.window.get(k); found { // out of date and not yet removed
		m.dropRemembered(k, old)
	}
	m.serial++
	e := &remembered{digest: op.digest(), serial: m.serial, at: m.now, result: encoded}
	e.seal(k)
	m.window.put(k, e)
	m.windowBytes += e.cost()
	m.hash = m.hash.plus(e.sum)
	m.queue = append(m.queue, queued{k, e.serial, e.at})
}

func (m *Machine) dropRemembered(k opKey, e *remembered) {
	m.window.remove(k)
	m.windowBytes -= e.cost()
	m.hash = m.hash.minus(e.sum)
}

// forget drops operations that are out of date, oldest first, at most a bounded number. An operation that was replaced while it
// waited here does not count: a replica that started from a snapshot does not have it.
func (m *Machine) forget(most int) {
	for most > 0 && len(m.queue) > 0 && m.queue[0].at+int64(sessnode.OpWindow) <= m.now {
		q := m.queue[0]
		m.queue = m.queue[1:]
		if e, found := m.window.get(q.key); found && e.serial == q.serial {
			m.dropRemembered(q.key, e)
			most--
		}
	}
}
