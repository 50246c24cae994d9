package fsm

import (
	"bytes"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sessnode/sessnode"
)

// patch merges an edit into a live session.
func (m *Machine) patch(op *Op, c sessnode.Patch) Result {
	f, err := m.live(op.App, c.Key)
	if err != nil {
		if !resurrect() {
			return refuse(err)
		}
		return m.create(op, sessnode.Create{Key: c.Key, ID: sessnode.ID(c.Key[:16]), TokenChars: sessnode.MaxTokenLength, Attrs: c.Edit.Set})
	}
	if err := matches(&f, c.IfMatch); err != nil {
		return refuse(err)
	}
	r := f.edited()
	r.list = m.attrs
	numbers, err := op.apply(&r, c.Edit)
	defer m.usedAttrs(&r)
	if err != nil {
		return refuse(err)
	}
	if err := m.growable(&f, &r); err != nil {
		return refuse(err)
	}
	res := m.place(&f, &r)
	res.Effect.Values = numbers
	return res
}

// usedAttrs keeps the room of a list of attributes for the next patch, and nothing of what was in it.
func (m *Machine) usedAttrs(r *record) {
	clear(m.attrs[:cap(m.attrs)]) // also where the list has outgrown it
	if cap(r.list) <= maxAttrRoom {
		clear(r.list)
		m.attrs = r.list[:0]
	}
}

// maxAttrRoom is how many attributes there may be room for that is kept.
const maxAttrRoom = 64

// replace sets all attributes of a live session.
func (m *Machine) replace(op *Op, c sessnode.Replace) Result {
	f, err := m.current(op.App, c.Key)
	if err == nil {
		err = matches(&f, c.IfMatch)
	}
	if err != nil {
		return refuse(err)
	}
	r := f.edited()
	op.fill(&r, c.Attrs)
	if err := retime(&r, c.Timeouts); err != nil {
		return refuse(err)
	}
	if err := m.growable(&f, &r); err != nil {
		return refuse(err)
	}
	return m.place(&f, &r)
}

// pop takes attributes out of a live session. Where none of them is there nothing changes.
func (m *Machine) pop(op *Op, c sessnode.Pop) Result {
	f, err := m.live(op.App, c.Key)
	if err != nil {
		return refuse(err)
	}
	r := f.edited()
	taken := make(map[string]sessnode.Value)
	for _, name := range c.Names {
		if v, there := r.attr(name); there {
			taken[strings.Clone(name)] = sessnode.Value{Codec: v.Codec, Data: bytes.Clone(v.Data)}
			r.unset(name)
		}
	}
	var res Result
	if len(taken) == 0 {
		r = m.touch(&f, m.now)
		res = m.effect(&r)
	} else {
		res = m.place(&f, &r)
	}
	res.Effect.Values = taken
	return res
}

// current is live without the grace of a token that was rotated away.
func (m *Machine) current(app string, key sessnode.Key) (found, *sessnode.Error) {
	f, err := m.live(app, key)
	if err == nil && f.isOld {
		err = sessnode.Errorf(sessnode.CodeConflict, sessnode.ReasonRotated, "the session has a newer token: this one may still read, patch, pop, touch and revoke")
	}
	return f, err
}

func matches(f *found, version uint64) *sessnode.Error {
	if version != 0 && version != f.version {
		return sessnode.Errorf(sessnode.CodePrecondition, "", "the session is at another version: read it, then decide")
	}
	return nil
}

// growable checks sizes, and the budget where the session grows.
func (m *Machine) growable(f *found, r *record) *sessnode.Error {
	if err := fits(&m.apps[f.app].policy, r, &f.record); err != nil {
		return err
	}
	if before := f.cost(); r.cost() > before && m.over(r.cost()-before) {
		return m.full()
	}
	return nil
}

// apply makes an edit on a copy of a session and returns the numbers that incr made.
func (op *Op) apply(r *record, e sessnode.Edit) (map[string]sessnode.Value, *sessnode.Error) {
	for _, name := range sorted(e.If) {
		v, there := r.attr(name)
		g := e.If[name]
		if g.Absent == there || there && (v.Codec != g.Value.Codec || !bytes.Equal(v.Data, g.Value.Data)) {
			return nil, sessnode.Errorf(sessnode.CodePrecondition, "", "an `if` of the request does not hold: read the session, then decide")
		}
	}
	op.eachSet(e.Set, r.set)
	for _, name := range e.Unset {
		r.unset(name)
	}
	numbers, err := increment(r, e.Incr)
	if err != nil {
		return nil, err
	}
	if e.Device != nil {
		r.device = *e.Device
	}
	return numbers, retime(r, e.Timeouts)
}

// sorted returns the names of a map in order.
func sorted[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}

// fill gives a session the attributes of a change, and no others.
func (op *Op) fill(r *record, attrs map[string]sessnode.Value) {
	if op.values != nil {
		r.adopt(op.values)
		return
	}
	r.clear()
	for name, v := range attrs {
		r.set(name, v)
	}
}

// eachSet calls f with the attributes that a change sets.
func (op *Op) eachSet(attrs map[string]sessnode.Value, f func(name string, v sessnode.Value)) {
	if op.values != nil {
		eachTriple(op.values, f)
	}
	for name, v := range attrs {
		f(name, v)
	}
}

// increment adds to attributes that are canonical JSON integers; an absent one counts as 0.
func increment(r *record, incr map[string]int64) (map[string]sessnode.Value, *sessnode.Error) {
	if len(incr) == 0 {
		return nil, nil
	}
	numbers := make(map[string]sessnode.Value, len(incr))
	for _, name := range sorted(incr) {
		var n int64
		if v, there := r.attr(name); there {
			var isInt bool
			if n, isInt = integer(v); !isInt {
				return nil, sessnode.Errorf(sessnode.CodeConflict, sessnode.ReasonNotInteger, "an attribute to be incremented is no canonical JSON integer")
			}
		}
		by := incr[name]
		if by > 0 && n > math.MaxInt64-by || by < 0 && n < math.MinInt64-by {
			return nil, sessnode.Errorf(sessnode.CodeConflict, sessnode.ReasonNotInteger, "an attribute would leave the range of a 64-bit integer")
		}
		v := sessnode.Value{Codec: sessnode.JSON, Data: strconv.AppendInt(nil, n+by, 10)}
		numbers[strings.Clone(name)] = v
		r.set(name, v)
	}
	return numbers, nil
}

func integer(v sessnode.Value) (int64, bool) {
	text := string(v.Data)
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && v.Codec == sessnode.JSON && strconv.FormatInt(n, 10) == text
}

// retime changes a session's own timeouts.
func retime(r *record, t sessnode.TimeoutChange) *sessnode.Error {
	if t.Idle != nil {
		r.idle = int64(*t.Idle)
	}
	if t.Lifetime != nil {
		r.lifetime = int64(*t.Lifetime)
	}
	if t.Expires != nil {
		r.expires = nanos(*t.Expires)
	}
	if r.idle < 0 || r.lifetime < 0 {
		return sessnode.Errorf(sessnode.CodeInvalid, "", "a timeout must not be negative")
	}
	return nil
}
