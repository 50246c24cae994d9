package fsm

import (
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

// record is one session as it is stored. It is immutable once it is in the table: a change makes a copy, so that captures
// and readers may keep what they have. Everything that knows its layout is in this file; the rest goes through its methods.
type record struct {
	id      sessnode.ID
	serial  uint64 // order of creation, unique in the cluster
	subject string
	device  sessnode.Device
	version uint64

	created, authenticated, touched int64 // cluster time, ns; authenticated 0 = never
	idle, lifetime                  int64 // its own, ns; 0 = the policy's
	expires                         int64 // absolute, ns; 0 = none
	deadline                        int64 // when it stops being served, as of its last change or touch

	unused   bool           // rotated, and the new token was not used yet
	previous []sessnode.Key // tokens rotated away whose grace may not be over

	attrs []attr // by name
	bytes uint64 // of attribute names and values
	sum   Hash   // of the metadata in its slot and all attributes
}

type attr struct {
	name  string
	value sessnode.Value
	sum   Hash
}

// anonymous reports whether nobody is signed in.
func (r *record) anonymous() bool { return r.subject == "" }

// cost is what the record takes of the budget: a fixed part for the record itself and its index entries, and its texts.
func (r *record) cost() uint64 {
	const fixed, eachAttr, eachKey = 512, 96, 32
	return fixed + r.bytes + eachAttr*uint64(len(r.attrs)) + eachKey*uint64(len(r.previous)) +
		uint64(len(r.subject)+len(r.device.IP)+len(r.device.UserAgent)+len(r.device.Label))
}

// edited returns a copy that may be changed until it is put into the table.
func (r *record) edited() *record {
	c := *r
	c.attrs = slices.Clone(r.attrs)
	c.previous = slices.Clone(r.previous)
	return &c
}

func (r *record) find(name string) (int, bool) {
	return slices.BinarySearchFunc(r.attrs, name, func(a attr, name string) int { return strings.Compare(a.name, name) })
}

func (r *record) attr(name string) (sessnode.Value, bool) {
	if i, found := r.find(name); found {
		return r.attrs[i].value, true
	}
	return sessnode.Value{}, false
}

// set gives an attribute a value. The record must be a copy by edited.
func (r *record) set(name string, v sessnode.Value) {
	a := attr{name: name, value: v, sum: r.attrSum(name, v)}
	i, found := r.find(name)
	if found {
		r.bytes -= uint64(len(r.attrs[i].value.Data))
		r.attrs[i] = a
	} else {
		r.attrs = slices.Insert(r.attrs, i, a)
		r.bytes += uint64(len(name))
	}
	r.bytes += uint64(len(v.Data))
}

// unset removes an attribute and reports whether it was there.
func (r *record) unset(name string) bool {
	i, found := r.find(name)
	if found {
		r.bytes -= uint64(len(name) + len(r.attrs[i].value.Data))
		r.attrs = slices.Delete(r.attrs, i, i+1)
	}
	return found
}

func (r *record) clear() { r.attrs, r.bytes = nil, 0 }

// attrSum hashes one attribute under the session's id, which rotation does not change.
func (r *record) attrSum(name string, v sessnode.Value) Hash {
	w := hashing(kindAttr)
	w.raw(r.id[:])
	w.text(name)
	w.value(v)
	return w.sum()
}

// seal computes the record's hash in its slot: the last step before it goes into the table.
func (r *record) seal(s slot) {
	w := hashing(kindSession)
	w.recordMeta(s, r)
	r.sum = w.sum()
	for i := range r.attrs {
		r.sum = r.sum.plus(r.attrs[i].sum)
	}
}

const recordMetaFields = 19

// recordMeta writes the canonical bytes of all but the attributes.
func (w *writer) recordMeta(s slot, r *record) {
	w.array(recordMetaFields)
	w.uint(uint64(s.app))
	w.raw(s.key[:])
	w.raw(r.id[:])
	w.uint(r.serial)
	w.text(r.subject)
	w.device(r.device)
	w.uint(r.version)
	for _, ns := range [...]int64{r.created, r.authenticated, r.touched, r.idle, r.lifetime, r.expires, r.deadline} {
		w.int(ns)
	}
	w.bool(r.unused)
	w.array(len(r.previous))
	for _, k := range r.previous {
		w.raw(k[:])
	}
	w.uint(0) // reserved: a device-bound key
}

// record writes the canonical bytes of a whole session.
func (w *writer) record(s slot, r *record) {
	w.recordMeta(s, r)
	w.array(len(r.attrs) * 3)
	for _, a := range r.attrs {
		w.text(a.name)
		w.value(a.value)
	}
}

// record reads what the writer's record wrote, and computes its hashes anew.
func (r *reader) record() (slot, *record) {
	r.array(recordMetaFields, recordMetaFields)
	s := slot{app: uint32(r.small(1<<32 - 1)), key: r.key()}
	rec := &record{id: r.id(), serial: r.uint(), subject: r.text(maxText), device: r.device(), version: r.uint()}
	for _, ns := range [...]*int64{&rec.created, &rec.authenticated, &rec.touched, &rec.idle, &rec.lifetime, &rec.expires, &rec.deadline} {
		*ns = r.int()
	}
	rec.unused = r.bool()
	for range r.array(0, maxPrevious) {
		rec.previous = append(rec.previous, r.key())
	}
	r.uint()
	attrs := r.values()
	if r.err != nil {
		return s, rec
	}
	rec.attrs = make([]attr, 0, len(attrs))
	for name, v := range attrs {
		rec.attrs = append(rec.attrs, attr{name, v, rec.attrSum(name, v)})
		rec.bytes += uint64(len(name) + len(v.Data))
	}
	slices.SortFunc(rec.attrs, func(a, b attr) int { return strings.Compare(a.name, b.name) })
	rec.seal(s)
	return s, rec
}

// session renders the record for a reader. policy is its app's present one.
func (r *record) session(app string, policy *sessnode.Policy, deadline int64) sessnode.Session {
	idle, end := r.touched+int64(policy.IdleFor(time.Duration(r.idle), r.anonymous())), r.end(policy)
	if deadline < min(idle, end) { // the policy got longer since the last touch: promise no more than is kept
		idle = deadline
	}
	return sessnode.Session{
		App: app, ID: r.id, Subject: r.subject, Version: r.version,
		Created: moment(r.created), Authenticated: moment(r.authenticated), Touched: moment(r.touched),
		IdleDeadline: moment(idle),
		End:          moment(end),
		Enforced:     moment(deadline),
		Timeouts:     sessnode.Timeouts{Idle: time.Duration(r.idle), Lifetime: time.Duration(r.lifetime), Expires: moment(r.expires)},
	}
}

func (r *record) values() map[string]sessnode.Value {
	m := make(map[string]sessnode.Value, len(r.attrs))
	for _, a := range r.attrs {
		m[a.name] = a.value
	}
	return m
}

// end is when the session's own absolute end or its own lifetime is over, whichever is earlier, within the policy's maximum; else
// the policy's lifetime.
func (r *record) end(policy *sessnode.Policy) int64 {
	from := max(r.created, r.authenticated)
	end := from + int64(policy.LifetimeFor(time.Duration(r.lifetime)))
	if r.expires == 0 {
		return end
	}
	if r.lifetime == 0 { // its own end replaces the policy's lifetime, not a lifetime of its own
		end = from + int64(policy.MaxLifetime)
	}
	return min(r.expires, end)
}
