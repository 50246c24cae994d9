package fsm

import "github.com/sessnode/sessnode"

// tombstone is what is left of a token: no late write can create on it, and it answers why the session ended. A token that was
// rotated away has one too; until its grace is over it leads to the session. Immutable once it is in the table.
type tombstone struct {
	id      sessnode.ID // zero for a token that was revoked without a session
	subject string
	reason  string
	actor   string
	node    string
	at      int64 // cluster time, ns
	index   uint64
	until   int64 // when it is forgotten
	grace   int64 // ReasonRotated: until when the token still answers; 0 = no more
	sum     Hash
}

// cost is what the tombstone takes of the budget.
func (t *tombstone) cost() uint64 {
	const fixed = 320
	return fixed + uint64(len(t.subject)+len(t.actor)+len(t.node))
}

// ended renders the tombstone for a reader.
func (t *tombstone) ended(app string) sessnode.Ended {
	return sessnode.Ended{App: app, ID: t.id, Subject: t.subject, Reason: t.reason, Actor: t.actor, Node: t.node, At: moment(t.at), Index: t.index}
}

func (t *tombstone) seal(s slot) {
	w := hashing(kindTombstone)
	w.tombstone(s, t)
	t.sum = w.sum()
}

const tombstoneFields = 11

func (w *writer) tombstone(s slot, t *tombstone) {
	w.array(tombstoneFields)
	w.uint(uint64(s.app))
	w.raw(s.key[:])
	w.raw(t.id[:])
	w.text(t.subject)
	w.text(t.reason)
	w.text(t.actor)
	w.text(t.node)
	w.int(t.at)
	w.uint(t.index)
	w.int(t.until)
	w.int(t.grace)
}

func (r *reader) tombstone() (slot, *tombstone) {
	r.array(tombstoneFields, tombstoneFields)
	s := slot{app: uint32(r.small(1<<32 - 1)), key: r.key()}
	t := &tombstone{id: r.id(), subject: r.text(maxText), reason: r.text(maxText), actor: r.text(maxText), node: r.text(maxText),
		at: r.int(), index: r.uint(), until: r.int(), grace: r.int()}
	t.seal(s)
	return s, t
}
