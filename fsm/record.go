package fsm

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/slab"
)

// record is one session, taken apart. What is stored is immutable but for the times of a touch: a change stores another in its place. Its texts, previous keys
// and attributes share the memory of what was stored until the entry under way is done; what leaves the machine is copied.
type record struct {
	slot
	handle uint32
	raw    []byte // as it is stored; nil where it is not yet

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

	attributes
}

// anonymous reports whether nobody is signed in.
func (r *record) anonymous() bool { return r.subject == "" }

// cost is what the record takes of the budget: about what it and its index entries take in memory.
func (r *record) cost() uint64 {
	const fixed, eachAttr, eachKey = 192, 8, 32
	return fixed + r.bytes + eachAttr*uint64(r.count) + eachKey*uint64(len(r.previous)) +
		uint64(len(r.subject)+len(r.device.IP)+len(r.device.UserAgent)+len(r.device.Label))
}

// edited returns a copy whose previous keys may be changed.
func (r *record) edited() record {
	c := *r
	c.previous = slices.Clone(r.previous)
	return c
}

// The flags of a stored session: what is there besides.
const (
	flagUnused     = 1 << iota
	flagDevice     // a device
	flagTimeouts   // timeouts of its own
	flagPrevious   // previous tokens
	flagSignedIn   // authenticated when it was created
	flagNever      // never authenticated
	flagReservedUp // and above: none yet
)

func (r *record) flags() (f byte) {
	for _, is := range [...]struct {
		set  bool
		flag byte
	}{
		{r.unused, flagUnused}, {r.device != (sessnode.Device{}), flagDevice}, {r.idle != 0 || r.lifetime != 0 || r.expires != 0, flagTimeouts},
		{len(r.previous) > 0, flagPrevious}, {r.authenticated == r.created && r.created != 0, flagSignedIn}, {r.authenticated == 0, flagNever},
	} {
		if is.set {
			f |= is.flag
		}
	}
	return f
}

// put writes the session as it is stored, hashed and sent: equal sessions have equal bytes.
func (r *record) put(b []byte) []byte {
	f := r.flags()
	b = append(append(append(b, r.key[:]...), r.id[:]...), f)
	b = binary.AppendUvarint(b, uint64(r.app))
	b = binary.AppendUvarint(b, r.serial)
	b = binary.AppendUvarint(b, r.version)
	b = putText(b, r.subject)
	b = putTime(b, r.created)
	if f&(flagSignedIn|flagNever) == 0 {
		b = binary.AppendVarint(b, r.authenticated-r.created)
	}
	b = r.putTimes(b)
	if f&flagDevice != 0 {
		b = putText(putText(putText(b, r.device.IP), r.device.UserAgent), r.device.Label)
	}
	if f&flagTimeouts != 0 {
		b = binary.AppendVarint(binary.AppendVarint(binary.AppendVarint(b, r.idle), r.lifetime), r.expires)
	}
	if f&flagPrevious != 0 {
		b = append(b, byte(len(r.previous)))
		for i := range r.previous {
			b = append(b, r.previous[i][:]...)
		}
	}
	return r.attributes.put(b)
}

// take reads what put wrote, and reports whether it could. It shares the memory of raw.
func (r *record) take(raw []byte) bool {
	if len(raw) < restAt {
		return false
	}
	r.raw = raw
	copy(r.key[:], raw)
	copy(r.id[:], raw[idAt:])
	f := raw[flagsAt]
	c := cursor{rest: raw[restAt:]}
	r.app = uint32(c.small(1<<32 - 1))
	r.serial, r.version, r.subject, r.created = c.uint(), c.uint(), c.text(), c.time()
	switch f & (flagSignedIn | flagNever) {
	case 0:
		r.authenticated = r.created + c.int()
	case flagSignedIn:
		r.authenticated = r.created
	}
	r.touched = r.created + c.int()
	r.deadline = r.touched + c.int()
	if f&flagDevice != 0 {
		r.device = sessnode.Device{IP: c.text(), UserAgent: c.text(), Label: c.text()}
	}
	if f&flagTimeouts != 0 {
		r.idle, r.lifetime, r.expires = c.int(), c.int(), c.int()
	}
	r.unused = f&flagUnused != 0
	if f&flagPrevious != 0 {
		n := min(uint64(c.byte()), maxPrevious)
		r.previous = slab.Cast[sessnode.Key](c.bytes(n * uint64(len(sessnode.Key{}))))
	}
	r.bytes = c.uint()
	r.tail = c.rest
	r.count = triples(r.tail)
	return !c.bad && f < flagReservedUp
}

// serialOf is the serial of a stored session.
func serialOf(raw []byte) uint64 {
	c := cursor{rest: raw[restAt:]}
	c.uint()
	return c.uint()
}

// subjectOf is the subject of a stored session; it shares its memory.
func subjectOf(raw []byte) string {
	c := cursor{rest: raw[restAt:]}
	c.uint()
	c.uint()
	c.uint()
	return c.text()
}

// times are those of a stored session that a touch changes, and where they stand in it.
type times struct {
	touched, deadline int64
	from, to          int
}

func timesOf(raw []byte) (t times) {
	c := cursor{rest: raw[restAt:]}
	c.uint()
	c.uint()
	c.uint()
	c.text()
	created := c.time()
	if raw[flagsAt]&(flagSignedIn|flagNever) == 0 {
		c.int()
	}
	t.from = len(raw) - len(c.rest)
	t.touched = created + c.int()
	t.deadline = t.touched + c.int()
	t.to = len(raw) - len(c.rest)
	return t
}

// putTimes writes when the session was touched, from its creation on, and when it ends, from the touch on.
func (r *record) putTimes(b []byte) []byte {
	return binary.AppendVarint(binary.AppendVarint(b, r.touched-r.created), r.deadline-r.touched)
}

// copied returns the record in memory of its own, all of it in one piece: for what leaves the machine's lock.
func (r *record) copied() (c record) {
	c.take(bytes.Clone(r.raw))
	c.handle = r.handle
	return c
}

// session is render, in memory of its own.
func (r *record) session(app string, policy *sessnode.Policy, deadline int64) sessnode.Session {
	s := r.render(app, policy, deadline)
	s.Subject = strings.Clone(s.Subject)
	return s
}

// render makes the record what a reader sees, which shares its memory. policy is its app's present one.
func (r *record) render(app string, policy *sessnode.Policy, deadline int64) sessnode.Session {
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
