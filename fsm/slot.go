package fsm

import (
	"bytes"
	"cmp"
	"encoding/binary"

	"github.com/google/btree"

	"github.com/sessnode/sessnode"
)

// slot is where a session lives: its app's number and its token's key. Keys are uniformly random, so two of their bytes
// make the shard.
type slot struct {
	app uint32
	key sessnode.Key
}

func (s slot) shard() uint16 { return binary.BigEndian.Uint16(s.key[:]) }

func (s slot) compare(o slot) int {
	if c := cmp.Compare(s.app, o.app); c != 0 {
		return c
	}
	return bytes.Compare(s.key[:], o.key[:])
}

// due orders slots by the cluster time at which something is to happen to them.
type due struct {
	at int64
	slot
}

func dueLess(a, b due) bool {
	if a.at != b.at {
		return a.at < b.at
	}
	return a.compare(b.slot) < 0
}

// dueInApp is due, an app at a time.
func dueInApp(a, b due) bool {
	if a.app != b.app {
		return a.app < b.app
	}
	return dueLess(a, b)
}

// numbered orders the sessions of an app by creation.
type numbered struct {
	serial uint64
	slot
}

func numberedLess(a, b numbered) bool {
	if a.app != b.app {
		return a.app < b.app
	}
	return a.serial < b.serial
}

// treeDegree makes nodes of up to 127 entries of 48 bytes: few pointers for the collector to follow.
const treeDegree = 64

func newTree[T any](less btree.LessFunc[T]) *btree.BTreeG[T] { return btree.NewG(treeDegree, less) }
