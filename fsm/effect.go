package fsm

import (
	"encoding/binary"
	"math"

	"github.com/sessnode/sessnode"
)

// The flags of a stored effect: what is there.
const (
	effectRefused = 1 << iota
	effectCount
	effectValues
	effectSession
	effectPrevious
)

// putEffect writes a result for the window: shorter than EncodeResult, and without the app, which the operation names.
func putEffect(b []byte, res *Result) []byte {
	e := &res.Effect
	at := len(b)
	b = append(b, 0)
	b = binary.AppendUvarint(putTime(b, int64(e.At.Generation)), e.At.Index)
	if res.Code != sessnode.OK {
		b[at] |= effectRefused
		b = putText(putText(append(b, byte(res.Code)), res.Reason), res.Detail)
	}
	if e.Count != 0 {
		b[at] |= effectCount
		b = binary.AppendUvarint(b, e.Count)
	}
	if len(e.Values) > 0 {
		b[at] |= effectValues
		w := hashing(kindWindow)
		w.buf = w.buf[:0]
		w.values(e.Values)
		b = append(binary.AppendUvarint(b, uint64(len(w.buf))), w.buf...)
		w.done()
	}
	s := &e.Session
	if s.ID.IsZero() {
		return b
	}
	b[at] |= effectSession
	if s.Previous {
		b[at] |= effectPrevious
	}
	b = binary.AppendUvarint(putText(append(b, s.ID[:]...), s.Subject), s.Version)
	created := nanos(s.Created)
	b = putTime(b, created)
	for _, ns := range [...]int64{nanos(s.Authenticated), nanos(s.Touched), nanos(s.IdleDeadline), nanos(s.End), nanos(s.Enforced)} {
		b = binary.AppendVarint(b, ns-created)
	}
	b = binary.AppendVarint(binary.AppendVarint(b, int64(s.Timeouts.Idle)), int64(s.Timeouts.Lifetime))
	return binary.AppendVarint(b, nanos(s.Timeouts.Expires))
}

// takeEffect reads what putEffect wrote, and reports whether it could. It copies what it returns.
func takeEffect(b []byte, app string) (res Result, readable bool) {
	c := cursor{rest: b}
	f := c.byte()
	e := &res.Effect
	e.At = sessnode.Position{Generation: uint64(c.time()), Index: c.uint()}
	if f&effectRefused != 0 {
		code := sessnode.Code(c.byte())
		if int(code) >= len(sessnode.Codes) {
			return Result{}, false
		}
		res.Code, res.Reason, res.Detail = code, c.copied(), c.copied()
	}
	if f&effectCount != 0 {
		e.Count = c.uint()
	}
	if f&effectValues != 0 {
		r := newReader(c.bytes(c.small(math.MaxInt32)))
		e.Values = r.values()
		c.bad = c.bad || r.end() != nil
	}
	if f&effectSession != 0 {
		s := &e.Session
		s.App, s.Previous = app, f&effectPrevious != 0
		copy(s.ID[:], c.bytes(uint64(len(s.ID))))
		s.Subject, s.Version = c.copied(), c.uint()
		created := c.time()
		s.Created = moment(created)
		s.Authenticated, s.Touched, s.IdleDeadline = moment(created+c.int()), moment(created+c.int()), moment(created+c.int())
		s.End, s.Enforced = moment(created+c.int()), moment(created+c.int())
		s.Timeouts.Idle, s.Timeouts.Lifetime = c.span(), c.span()
		s.Timeouts.Expires = moment(c.int())
	}
	return res, !c.bad && len(c.rest) == 0
}
