package fsm

import (
	"maps"
	"slices"
	"time"

	"github.com/sessnode/sessnode"
)

// verb numbers the changes in the log: append only.
type verb uint64

const (
	verbCreate verb = iota + 1
	verbPatch
	verbReplace
	verbPop
	verbTouch
	verbTouchOne
	verbRotate
	verbRevoke
	verbRevokeID
	verbRevokeSubject
	verbRevokeApp
	verbPutPolicy
	verbDropApp
	verbSetBudget
	verbFound
)

// change writes a change as two elements: its verb and an array of its fields.
func (w *writer) change(c sessnode.Change) error {
	begin := func(v verb, fields int) { w.uint(uint64(v)); w.array(fields) }
	switch c := c.(type) {
	case sessnode.Create:
		begin(verbCreate, 11)
		w.raw(c.Key[:])
		w.chars(c.TokenChars)
		w.short(c.Subject, maxText)
		w.device(c.Device)
		w.values(c.Attrs)
		w.timeouts(c.Timeouts)
		w.bool(false) // reserved: imported
	case sessnode.Patch:
		begin(verbPatch, 3)
		w.raw(c.Key[:])
		w.uint(c.IfMatch)
		w.edit(c.Edit)
	case sessnode.Replace:
		begin(verbReplace, 4)
		w.raw(c.Key[:])
		w.uint(c.IfMatch)
		w.values(c.Attrs)
		w.timeoutChange(c.Timeouts)
	case sessnode.Pop:
		begin(verbPop, 2)
		w.raw(c.Key[:])
		w.names(c.Names)
	case sessnode.Touch:
		w.uint(uint64(verbTouch))
		w.list(len(c.Touches), maxTouches, 3)
		for _, t := range c.Touches {
			w.short(t.App, sessnode.MaxAppLength)
			w.raw(t.Key[:])
			w.time(t.At)
		}
	case sessnode.TouchOne:
		begin(verbTouchOne, 2)
		w.raw(c.Key[:])
		w.timeoutChange(c.Timeouts)
	case sessnode.Rotate:
		begin(verbRotate, 8)
		w.raw(c.Key[:])
		w.raw(c.NewKey[:])
		w.chars(c.TokenChars)
		w.bool(c.Subject != nil)
		w.short(deref(c.Subject), maxText)
		w.bool(c.Reauth)
		w.uint(c.IfMatch)
		w.edit(c.Edit)
	default:
		return w.ending(c)
	}
	return nil
}

// ending writes the changes that end sessions or set rules.
func (w *writer) ending(c sessnode.Change) error {
	begin := func(v verb, fields int) { w.uint(uint64(v)); w.array(fields) }
	switch c := c.(type) {
	case sessnode.Revoke:
		begin(verbRevoke, 2)
		w.raw(c.Key[:])
		w.uint(c.IfMatch)
	case sessnode.RevokeID:
		begin(verbRevokeID, 1)
		w.raw(c.ID[:])
	case sessnode.RevokeSubject:
		begin(verbRevokeSubject, 2)
		w.short(c.Subject, maxText)
		w.raw(optional(c.Except.IsZero(), c.Except[:]))
	case sessnode.RevokeApp:
		begin(verbRevokeApp, 0)
	case sessnode.PutPolicy:
		begin(verbPutPolicy, policyFields)
		w.policy(c.Policy)
	case sessnode.DropApp:
		begin(verbDropApp, 0)
	case sessnode.SetBudget:
		begin(verbSetBudget, 1)
		w.uint(c.Bytes)
	case sessnode.Found:
		begin(verbFound, 3)
		w.uint(c.Generation)
		w.short(c.Cluster, maxText)
		w.uint(c.Budget)
	default:
		return sessnode.Errorf(sessnode.CodeInvalid, "", "no change is given, or one that cannot be logged (%T)", c)
	}
	return nil
}

// change reads what change and ending wrote.
func (r *reader) change(id sessnode.ID) sessnode.Change {
	switch v := verb(r.uint()); v {
	case verbCreate:
		r.array(11, 11)
		c := sessnode.Create{ID: id, Key: r.key(), TokenChars: int(r.small(sessnode.MaxTokenLength)), Subject: r.text(maxText),
			Device: r.device(), Attrs: r.values(), Timeouts: r.timeouts()}
		r.bool()
		return c
	case verbPatch:
		r.array(3, 3)
		return sessnode.Patch{Key: r.key(), IfMatch: r.uint(), Edit: r.edit()}
	case verbReplace:
		r.array(4, 4)
		return sessnode.Replace{Key: r.key(), IfMatch: r.uint(), Attrs: r.values(), Timeouts: r.timeoutChange()}
	case verbPop:
		r.array(2, 2)
		return sessnode.Pop{Key: r.key(), Names: r.names()}
	case verbTouch:
		return r.touches()
	case verbTouchOne:
		r.array(2, 2)
		return sessnode.TouchOne{Key: r.key(), Timeouts: r.timeoutChange()}
	case verbRotate:
		r.array(8, 8)
		c := sessnode.Rotate{Key: r.key(), NewKey: r.key(), TokenChars: int(r.small(sessnode.MaxTokenLength))}
		bound, subject := r.bool(), r.text(maxText)
		if bound {
			c.Subject = &subject
		}
		c.Reauth, c.IfMatch, c.Edit = r.bool(), r.uint(), r.edit()
		return c
	default:
		return r.ending(v)
	}
}

func (r *reader) ending(v verb) sessnode.Change {
	switch v {
	case verbRevoke:
		r.array(2, 2)
		return sessnode.Revoke{Key: r.key(), IfMatch: r.uint()}
	case verbRevokeID:
		r.array(1, 1)
		return sessnode.RevokeID{ID: r.id()}
	case verbRevokeSubject:
		r.array(2, 2)
		c := sessnode.RevokeSubject{Subject: r.text(maxText)}
		if b := r.bytes(len(c.Except)); len(b) > 0 {
			r.exact(b, c.Except[:])
		}
		return c
	case verbRevokeApp:
		r.array(0, 0)
		return sessnode.RevokeApp{}
	case verbPutPolicy:
		r.array(policyFields, policyFields)
		return sessnode.PutPolicy{Policy: r.policy()}
	case verbDropApp:
		r.array(0, 0)
		return sessnode.DropApp{}
	case verbSetBudget:
		r.array(1, 1)
		return sessnode.SetBudget{Bytes: r.uint()}
	case verbFound:
		r.array(3, 3)
		return sessnode.Found{Generation: r.uint(), Cluster: r.text(maxText), Budget: r.uint()}
	}
	r.fail("change of unknown kind %d: install a newer build", v)
	return nil
}

func (r *reader) touches() sessnode.Change {
	n := r.array(0, 3*maxTouches)
	if n%3 != 0 {
		r.fail("touches come in threes, not %d", n)
		return nil
	}
	c := sessnode.Touch{Touches: make([]sessnode.TouchAt, 0, n/3)}
	for range n / 3 {
		c.Touches = append(c.Touches, sessnode.TouchAt{App: r.text(sessnode.MaxAppLength), Key: r.key(), At: r.time()})
	}
	return c
}

// maxTouches is the most touches of one operation: about 45 bytes each, within one log entry.
const maxTouches = 8192

// chars writes how long a token is.
func (w *writer) chars(n int) {
	w.within(n, sessnode.MaxTokenLength)
	w.uint(uint64(max(n, 0)))
}

func (w *writer) names(names []string) {
	w.list(len(names), maxNames, 1)
	for _, name := range names {
		w.short(name, maxNameBytes)
	}
}

func (r *reader) names() []string {
	names := make([]string, r.array(0, maxNames))
	for i := range names {
		names[i] = r.text(maxNameBytes)
	}
	return names
}

func (w *writer) timeouts(t sessnode.Timeouts) {
	w.span(t.Idle)
	w.span(t.Lifetime)
	w.time(t.Expires)
}

func (r *reader) timeouts() sessnode.Timeouts {
	return sessnode.Timeouts{Idle: r.span(), Lifetime: r.span(), Expires: r.time()}
}

func (w *writer) timeoutChange(t sessnode.TimeoutChange) {
	w.array(6)
	w.bool(t.Idle != nil)
	w.span(deref(t.Idle))
	w.bool(t.Lifetime != nil)
	w.span(deref(t.Lifetime))
	w.bool(t.Expires != nil)
	w.time(deref(t.Expires))
}

func (r *reader) timeoutChange() (t sessnode.TimeoutChange) {
	r.array(6, 6)
	t.Idle = given(r.bool(), r.span())
	t.Lifetime = given(r.bool(), r.span())
	t.Expires = given[time.Time](r.bool(), r.time())
	return t
}

func (w *writer) edit(e sessnode.Edit) {
	w.array(6)
	w.values(e.Set)
	w.names(slices.Sorted(slices.Values(e.Unset)))
	w.list(len(e.Incr), maxNames, 2)
	for _, name := range slices.Sorted(maps.Keys(e.Incr)) {
		w.short(name, maxNameBytes)
		w.int(e.Incr[name])
	}
	w.list(len(e.If), maxNames, 4)
	for _, name := range slices.Sorted(maps.Keys(e.If)) {
		w.short(name, maxNameBytes)
		w.bool(e.If[name].Absent)
		w.value(e.If[name].Value)
	}
	w.timeoutChange(e.Timeouts)
	w.array(4)
	w.bool(e.Device != nil)
	w.device(deref(e.Device))
}

func (r *reader) edit() (e sessnode.Edit) {
	r.array(6, 6)
	e.Set = r.values()
	if names := r.names(); len(names) > 0 {
		e.Unset = names
	}
	if n := r.array(0, maxNames*2); n > 0 {
		e.Incr = make(map[string]int64, n/2)
		for range n / 2 {
			name := r.text(maxNameBytes)
			e.Incr[name] = r.int()
		}
	}
	if n := r.array(0, maxNames*4); n > 0 {
		e.If = make(map[string]sessnode.Guard, n/4)
		for range n / 4 {
			name := r.text(maxNameBytes)
			e.If[name] = sessnode.Guard{Absent: r.bool(), Value: r.value()}
		}
	}
	e.Timeouts = r.timeoutChange()
	r.array(4, 4)
	e.Device = given(r.bool(), r.device())
	return e
}

const policyFields = 16

func (w *writer) policy(p sessnode.Policy) {
	w.within(int(p.OnLimit), int(sessnode.EvictOldest))
	for _, d := range []time.Duration{p.Idle, p.Lifetime, p.MaxIdle, p.MaxLifetime, p.TouchResolution, p.RotationGrace, p.RotationMax,
		p.TombstoneTime, p.AnonymousIdle} {
		w.span(d)
	}
	for _, n := range []uint64{p.AnonymousQuota, p.SubjectLimit, uint64(p.OnLimit), p.MinTokenLength, p.MaxNameBytes, p.MaxAttributes, p.MaxBytes} {
		w.uint(n)
	}
}

func (r *reader) policy() (p sessnode.Policy) {
	for _, d := range []*time.Duration{&p.Idle, &p.Lifetime, &p.MaxIdle, &p.MaxLifetime, &p.TouchResolution, &p.RotationGrace, &p.RotationMax,
		&p.TombstoneTime, &p.AnonymousIdle} {
		*d = r.span()
	}
	p.AnonymousQuota, p.SubjectLimit = r.uint(), r.uint()
	p.OnLimit = sessnode.LimitAction(r.small(uint64(sessnode.EvictOldest)))
	for _, n := range []*uint64{&p.MinTokenLength, &p.MaxNameBytes, &p.MaxAttributes, &p.MaxBytes} {
		*n = r.uint()
	}
	return p
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func given[T any](isGiven bool, v T) *T {
	if !isGiven {
		return nil
	}
	p := new(T) // not &v, which would be allocated in any case
	*p = v
	return p
}
