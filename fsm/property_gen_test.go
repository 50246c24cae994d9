package fsm_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// op draws one operation over few apps, tokens and subjects, so that they meet.
func (p *pair) op(t *rapid.T) fsm.Op {
	op := fsm.Op{Mutation: sessnode.Mutation{App: rapid.SampledFrom(propertyApps).Draw(t, "app"), Actor: "token", Strict: rare(t, "strict")}}
	if rapid.IntRange(0, 3).Draw(t, "with id") == 0 {
		op.OpID = sessnode.OpIDOf(fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "op id")))
	}
	if rare(t, "late") {
		op.NotAfter = p.now.Add(-time.Second).UnixNano()
	}
	op.Change = p.change(t)
	return op
}

func rare(t *rapid.T, name string) bool { return rapid.IntRange(0, 15).Draw(t, name) == 15 }

func token(t *rapid.T, name string) sessnode.Key {
	return key(rapid.SampledFrom(propertyTokens).Draw(t, name))
}

func (p *pair) change(t *rapid.T) sessnode.Change {
	subject := rapid.SampledFrom(propertySubjects).Draw(t, "subject")
	k := token(t, "token")
	ifMatch := uint64(0)
	if rare(t, "if-match") {
		ifMatch = rapid.Uint64Range(1, 4).Draw(t, "version")
	}
	kinds := []string{"create", "create", "create", "patch", "patch", "replace", "pop", "touch", "touch-one", "rotate", "rotate", "rotate", "revoke",
		"revoke-id", "revoke-subject", "revoke-app", "policy", "policy", "drop-app"}
	switch rapid.SampledFrom(kinds).Draw(t, "kind") {
	case "create":
		return sessnode.Create{Key: k, ID: p.newID(t), TokenChars: 43, Subject: subject, Attrs: attrs(t), Timeouts: p.timeouts(t)}
	case "patch":
		return sessnode.Patch{Key: k, IfMatch: ifMatch, Edit: p.edit(t)}
	case "replace":
		return sessnode.Replace{Key: k, IfMatch: ifMatch, Attrs: attrs(t), Timeouts: p.timeoutChange(t)}
	case "pop":
		return sessnode.Pop{Key: k, Names: rapid.SliceOfN(rapid.SampledFrom(propertyNames), 0, 2).Draw(t, "names")}
	case "touch":
		at := p.now.Add(rapid.SampledFrom([]time.Duration{0, -time.Minute, -time.Hour, time.Hour}).Draw(t, "seen"))
		return sessnode.Touch{Touches: []sessnode.TouchAt{{App: "web", Key: k, At: at}, {App: "shop", Key: token(t, "second"), At: at}}}
	case "touch-one":
		return sessnode.TouchOne{Key: k, Timeouts: p.timeoutChange(t)}
	case "rotate":
		c := sessnode.Rotate{Key: k, NewKey: token(t, "new token"), TokenChars: 43, Reauth: rare(t, "reauth"), IfMatch: ifMatch, Edit: p.edit(t)}
		if rapid.IntRange(0, 3).Draw(t, "binds") == 0 {
			c.Subject = &subject
		}
		return c
	case "revoke":
		return sessnode.Revoke{Key: k, IfMatch: ifMatch}
	case "revoke-id":
		return sessnode.RevokeID{ID: p.oldID(t)}
	case "revoke-subject":
		return sessnode.RevokeSubject{Subject: subject, Except: p.oldID(t)}
	case "revoke-app":
		return sessnode.RevokeApp{}
	case "policy":
		return sessnode.PutPolicy{Policy: policy(t)}
	}
	return sessnode.DropApp{}
}

func (p *pair) newID(t *rapid.T) sessnode.ID {
	if len(p.ids) > 0 && rare(t, "same id") {
		return p.ids[len(p.ids)-1]
	}
	i := id(fmt.Sprint("id", len(p.ids)))
	p.ids = append(p.ids, i)
	return i
}

func (p *pair) oldID(t *rapid.T) sessnode.ID {
	if len(p.ids) == 0 {
		return id("nobody")
	}
	return p.ids[rapid.IntRange(0, len(p.ids)-1).Draw(t, "id")]
}

func value(t *rapid.T) sessnode.Value {
	return sessnode.Value{Codec: sessnode.Codec(rapid.IntRange(0, 1).Draw(t, "codec") * rapid.IntRange(0, 2).Draw(t, "codec")),
		Data: []byte(rapid.SampledFrom(propertyValues).Draw(t, "value"))}
}

func attrs(t *rapid.T) map[string]sessnode.Value {
	m := map[string]sessnode.Value{}
	for range rapid.IntRange(0, 3).Draw(t, "attrs") {
		m[rapid.SampledFrom(propertyNames).Draw(t, "name")] = value(t)
	}
	return m
}

func (p *pair) edit(t *rapid.T) (e sessnode.Edit) {
	e.Set = attrs(t)
	if rapid.Bool().Draw(t, "counts") {
		e.Incr = map[string]int64{rapid.SampledFrom(propertyNames).Draw(t, "incr"): rapid.SampledFrom([]int64{1, -1, 0, 1 << 62, -1 << 63}).Draw(t, "by")}
	}
	if rapid.Bool().Draw(t, "unsets") {
		e.Unset = []string{rapid.SampledFrom(propertyNames).Draw(t, "unset")}
	}
	if rare(t, "compares") {
		e.If = map[string]sessnode.Guard{"a": {Value: value(t)}, "b": {Absent: true}}
	}
	e.Timeouts = p.timeoutChange(t)
	return e
}

func (p *pair) timeouts(t *rapid.T) (o sessnode.Timeouts) {
	if rapid.IntRange(0, 3).Draw(t, "own timeouts") == 0 {
		o.Idle = rapid.SampledFrom([]time.Duration{0, time.Second, time.Hour, 500 * sessnode.Day, -1}).Draw(t, "idle")
		o.Lifetime = rapid.SampledFrom([]time.Duration{0, time.Second, time.Hour, 500 * sessnode.Day}).Draw(t, "lifetime")
		if rapid.Bool().Draw(t, "expires") {
			o.Expires = p.now.Add(rapid.SampledFrom([]time.Duration{-time.Hour, 0, time.Minute, 500 * sessnode.Day}).Draw(t, "expires at"))
		}
	}
	return o
}

func (p *pair) timeoutChange(t *rapid.T) (c sessnode.TimeoutChange) {
	if o := p.timeouts(t); o != (sessnode.Timeouts{}) {
		c.Idle = &o.Idle
		if rapid.Bool().Draw(t, "both") {
			c.Lifetime = &o.Lifetime
		}
		if !o.Expires.IsZero() {
			c.Expires = &o.Expires
		}
	}
	return c
}

func policy(t *rapid.T) sessnode.Policy {
	p := sessnode.DefaultPolicy()
	span := func(name string, of ...time.Duration) time.Duration { return rapid.SampledFrom(of).Draw(t, name) }
	number := func(name string, of ...uint64) uint64 { return rapid.SampledFrom(of).Draw(t, name) }
	p.Idle = span("idle", 30*time.Minute, time.Minute, 2*time.Hour)
	p.Lifetime = span("lifetime", 12*time.Hour, 10*time.Minute)
	p.MaxIdle = span("max idle", 400*sessnode.Day, 3*time.Hour)
	p.MaxLifetime = span("max lifetime", 400*sessnode.Day, 12*time.Hour)
	p.TouchResolution = span("resolution", 0, 20*time.Second)
	p.RotationGrace = span("grace", 10*time.Second, 0, 3*time.Minute)
	p.RotationMax = span("grace max", 2*time.Minute, 0)
	p.TombstoneTime = span("tombstones", time.Hour, 5*time.Minute)
	p.AnonymousIdle = span("anonymous idle", 0, 30*time.Second)
	p.AnonymousQuota = number("quota", 0, 0, 1, 2)
	p.SubjectLimit = number("limit", 0, 0, 1, 2)
	p.OnLimit = sessnode.LimitAction(number("on limit", 0, 1))
	p.MaxAttributes = number("attributes", 256, 2)
	return p
}
