package fsm

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/sessnode/sessnode"
)

// tombstone is what is left of a token: no late write can create on it, and it answers why the session ended. A token that was
// rotated away has one too; until its grace is over it leads to the session. What is stored is immutable.
type tombstone struct {
	slot
	handle uint32
	raw    []byte

	id      sessnode.ID // zero for a token that was revoked without a session
	subject string
	reason  string
	actor   string
	node    string
	at      int64 // cluster time, ns
	index   uint64
	until   int64 // when it is forgotten
	grace   int64 // ReasonRotated: until when the token still answers; 0 = no more
}

// cost is what the tombstone takes of the budget: about what it and its index entries take in memory.
func (t *tombstone) cost() uint64 {
	const fixed = 176
	return fixed + uint64(len(t.subject)+len(t.actor)+len(t.node))
}

// ended renders the tombstone for a reader.
func (t *tombstone) ended(app string) sessnode.Ended {
	return sessnode.Ended{App: app, ID: t.id, Subject: strings.Clone(t.subject), Reason: strings.Clone(t.reason), Actor: strings.Clone(t.actor),
		Node: strings.Clone(t.node), At: moment(t.at), Index: t.index}
}

// reasons are stored by number: append only. Any other is written out.
var reasons = []string{"", sessnode.ReasonExpired, sessnode.ReasonRevoked, sessnode.ReasonEvicted, sessnode.ReasonRotated}

const otherReason = 255

// put writes the tombstone as it is stored, hashed and sent: equal ones have equal bytes. The flags are its reason.
func (t *tombstone) put(b []byte) []byte {
	reason := byte(otherReason)
	if i := slices.Index(reasons, t.reason); i >= 0 {
		reason = byte(i)
	}
	b = append(append(append(b, t.key[:]...), t.id[:]...), reason)
	b = binary.AppendUvarint(b, uint64(t.app))
	if reason == otherReason {
		b = putText(b, t.reason)
	}
	b = putTime(b, t.at)
	b = binary.AppendVarint(b, t.until-t.at)
	b = binary.AppendUvarint(b, t.index)
	if b = append(b, 0); t.grace != 0 {
		b[len(b)-1] = 1
		b = binary.AppendVarint(b, t.grace-t.at)
	}
	return putText(putText(putText(b, t.subject), t.actor), t.node)
}

// take reads what put wrote, and reports whether it could. It shares the memory of raw.
func (t *tombstone) take(raw []byte) bool {
	if len(raw) < restAt {
		return false
	}
	t.raw = raw
	copy(t.key[:], raw)
	copy(t.id[:], raw[idAt:])
	c := cursor{rest: raw[restAt:]}
	t.app = uint32(c.small(1<<32 - 1))
	switch number := raw[flagsAt]; {
	case int(number) < len(reasons):
		t.reason = reasons[number]
	case number == otherReason:
		t.reason = c.text()
	default:
		c.bad = true
	}
	t.at = c.time()
	t.until = t.at + c.int()
	t.index = c.uint()
	if c.byte() != 0 {
		t.grace = t.at + c.int()
	}
	t.subject, t.actor, t.node = c.text(), c.text(), c.text()
	return !c.bad && len(c.rest) == 0
}
