package readindex

import (
	"bytes"
	"unsafe"
)

// canonical returns s or what it is with the names of nodes 1 and 2 exchanged, whichever comes first in a fixed order. Both
// begin as voters that follow node 0, so what holds for one holds for the other.
func (s state) canonical() state {
	t := s
	t.nodes[1], t.nodes[2] = s.nodes[2], s.nodes[1]
	t.replies[1], t.replies[2] = s.replies[2], s.replies[1]
	for i := range t.nodes {
		n := &t.nodes[i]
		n.match[1], n.match[2] = n.match[2], n.match[1]
		n.granted = exchange(n.granted)
		switch n.voted {
		case 2:
			n.voted = 3
		case 3:
			n.voted = 2
		}
		for k := range n.log {
			n.log[k].voters = exchange(n.log[k].voters)
		}
		t.replies[i].voters = exchange(t.replies[i].voters)
	}
	if bytes.Compare(t.bytes(), s.bytes()) < 0 {
		return t
	}
	return s
}

// exchange swaps the bits of nodes 1 and 2.
func exchange(mask uint8) uint8 {
	return mask&^0b110 | mask>>1&0b010 | mask<<1&0b100
}

// bytes views the state as memory: it consists of one-byte fields only.
func (s *state) bytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(s)), unsafe.Sizeof(*s))
}
