package fsm

import (
	"bytes"
	"cmp"

	"github.com/sessnode/sessnode"
)

// slot is where a session lives: its app's number and its token's key.
type slot struct {
	app uint32
	key sessnode.Key
}

// What is stored for a slot, a session or a tombstone, begins with its key, the id (16 bytes), a byte of flags, and its app.
const (
	idAt    = len(sessnode.Key{})
	flagsAt = idAt + len(sessnode.ID{})
	restAt  = flagsAt + 1
)

// appOf is the app of what is stored.
func appOf(raw []byte) uint32 {
	c := cursor{rest: raw[restAt:]}
	return uint32(c.uint())
}

// isAt reports whether what is stored is of a slot.
func (s *slot) isAt(raw []byte) bool { return bytes.Equal(raw[:idAt], s.key[:]) && appOf(raw) == s.app }

func hasID(raw []byte, id *sessnode.ID) bool { return bytes.Equal(raw[idAt:flagsAt], id[:]) }

// compareSlots orders what is stored by app and key.
func compareSlots(a, b []byte) int {
	return cmp.Or(cmp.Compare(appOf(a), appOf(b)), bytes.Compare(a[:idAt], b[:idAt]))
}
