package fsm_test

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/fsm"
)

// op builds the change of one script line.
func (s *story) op(cmd string, a *args) fsm.Op {
	op := fsm.Op{Mutation: sessnode.Mutation{App: a.text("app", s.app), OpID: sessnode.OpIDOf(a.text("op", "")), Actor: a.text("actor", "token"),
		Node: a.text("node", "n1"), Strict: a.flag("strict")}}
	if text := a.text("not-after", ""); text != "" {
		op.NotAfter = s.time(text).UnixNano()
	}
	op.Change = s.change(cmd, a)
	a.done()
	return op
}

func (s *story) change(cmd string, a *args) sessnode.Change {
	switch cmd {
	case "create":
		name := a.first()
		public := a.text("id", name) // another try brings another id
		s.names[id(public)] = public
		return sessnode.Create{Key: key(name), ID: id(public), TokenChars: int(a.number("chars", 43)), Subject: a.text("subject", ""),
			Attrs: a.values("attrs"), Timeouts: sessnode.Timeouts{Idle: deref(a.span("idle")), Lifetime: deref(a.span("lifetime")), Expires: deref(a.moment("expires"))}}
	case "patch":
		return sessnode.Patch{Key: key(a.first()), IfMatch: a.number("if-match", 0), Edit: a.edit()}
	case "replace":
		return sessnode.Replace{Key: key(a.first()), IfMatch: a.number("if-match", 0), Attrs: a.values("attrs"), Timeouts: a.timeouts()}
	case "pop":
		return sessnode.Pop{Key: key(a.first()), Names: a.texts("names")}
	case "touch":
		at := sessnode.TouchAt{App: a.text("of", s.app), Key: key(a.first()), At: deref(a.moment("seen"))}
		return sessnode.Touch{Touches: []sessnode.TouchAt{at}}
	case "touch-one":
		return sessnode.TouchOne{Key: key(a.first()), Timeouts: a.timeouts()}
	case "rotate":
		c := sessnode.Rotate{Key: key(a.first()), NewKey: key(a.text("to", "")), TokenChars: 43, Reauth: a.flag("reauth"), IfMatch: a.number("if-match", 0)}
		if subject, given := a.lookup("subject"); given {
			c.Subject = &subject[0]
		}
		c.Edit = a.edit()
		return c
	}
	return s.ending(cmd, a)
}

func (s *story) ending(cmd string, a *args) sessnode.Change {
	switch cmd {
	case "revoke":
		return sessnode.Revoke{Key: key(a.first()), IfMatch: a.number("if-match", 0)}
	case "revoke-id":
		return sessnode.RevokeID{ID: id(a.first())}
	case "revoke-subject":
		c := sessnode.RevokeSubject{Subject: a.first()}
		if except := a.text("except", ""); except != "" {
			c.Except = id(except)
		}
		return c
	case "revoke-app":
		return sessnode.RevokeApp{}
	case "drop-app":
		return sessnode.DropApp{}
	case "policy":
		return sessnode.PutPolicy{Policy: s.policy(a)}
	case "budget":
		return sessnode.SetBudget{Bytes: a.number("bytes", 0)}
	}
	s.t.Fatalf("command %q is unknown", cmd)
	return nil
}

// policy changes the fields that are given and leaves the app's others.
func (s *story) policy(a *args) sessnode.Policy {
	p := s.m.App(a.text("app", s.app)).Policy
	for name, field := range map[string]*time.Duration{"idle": &p.Idle, "lifetime": &p.Lifetime, "max-idle": &p.MaxIdle, "max-lifetime": &p.MaxLifetime,
		"resolution": &p.TouchResolution, "grace": &p.RotationGrace, "grace-max": &p.RotationMax, "tombstones": &p.TombstoneTime, "anonymous-idle": &p.AnonymousIdle} {
		if d := a.span(name); d != nil {
			*field = *d
		}
	}
	for name, field := range map[string]*uint64{"anonymous-quota": &p.AnonymousQuota, "subject-limit": &p.SubjectLimit, "min-token": &p.MinTokenLength,
		"max-name": &p.MaxNameBytes, "max-attributes": &p.MaxAttributes, "max-bytes": &p.MaxBytes} {
		*field = a.number(name, *field)
	}
	p.OnLimit, _ = sessnode.ParseLimitAction(a.text("on-limit", p.OnLimit.String()))
	return p
}

// args are the arguments of a script line. Each is read at least once: done fails on one that means nothing.
type args struct {
	t    *testing.T
	s    *story
	list []datadriven.CmdArg
	used map[string]bool
}

// args takes at= at once: it moves the clock.
func (s *story) args(list []datadriven.CmdArg) *args {
	a := &args{t: s.t, s: s, list: list, used: map[string]bool{}}
	if at := a.text("at", ""); at != "" {
		s.now = s.time(at)
	}
	return a
}

func (a *args) rest() (list []datadriven.CmdArg) {
	for _, arg := range a.list {
		if !a.used[arg.Key] {
			list = append(list, arg)
		}
	}
	return list
}

func (a *args) done() {
	if rest := a.rest(); len(rest) > 0 {
		a.t.Fatalf("argument %v means nothing here", rest)
	}
}

func (a *args) lookup(name string) ([]string, bool) {
	a.used[name] = true
	i := slices.IndexFunc(a.list, func(arg datadriven.CmdArg) bool { return arg.Key == name })
	if i < 0 {
		return nil, false
	}
	return a.list[i].Vals, true
}

// first is the argument without a value: a token's or a subject's name.
func (a *args) first() string {
	if len(a.list) == 0 || len(a.list[0].Vals) > 0 {
		a.t.Fatalf("a name is missing: %v", a.list)
	}
	a.used[a.list[0].Key] = true
	return a.list[0].Key
}

func (a *args) flag(name string) bool { _, given := a.lookup(name); return given }

func (a *args) texts(name string) []string { v, _ := a.lookup(name); return v }

func (a *args) text(name, otherwise string) string {
	if v, given := a.lookup(name); given {
		return v[0]
	}
	return otherwise
}

func (a *args) number(name string, otherwise uint64) uint64 {
	v, given := a.lookup(name)
	if !given {
		return otherwise
	}
	n, err := strconv.ParseUint(v[0], 10, 64)
	a.check(err)
	return n
}

func (a *args) span(name string) *time.Duration {
	v, given := a.lookup(name)
	if !given {
		return nil
	}
	if days, isDays := strings.CutSuffix(v[0], "d"); isDays {
		n, err := strconv.Atoi(days)
		a.check(err)
		return new(time.Duration(n) * sessnode.Day)
	}
	d, err := time.ParseDuration(v[0])
	a.check(err)
	return &d
}

func (a *args) moment(name string) *time.Time {
	v, given := a.lookup(name)
	if !given {
		return nil
	}
	return new(a.s.time(v[0]))
}

func (a *args) timeouts() sessnode.TimeoutChange {
	return sessnode.TimeoutChange{Idle: a.span("idle"), Lifetime: a.span("lifetime"), Expires: a.moment("expires")}
}

func (a *args) edit() sessnode.Edit {
	e := sessnode.Edit{Set: a.values("set"), Unset: a.texts("unset"), Timeouts: a.timeouts()}
	for name, text := range a.pairs("incr") {
		n, err := strconv.ParseInt(text, 10, 64)
		a.check(err)
		if e.Incr == nil {
			e.Incr = map[string]int64{}
		}
		e.Incr[name] = n
	}
	for name, text := range a.pairs("if") {
		if e.If == nil {
			e.If = map[string]sessnode.Guard{}
		}
		e.If[name] = sessnode.Guard{Absent: text == "absent"}
		if text != "absent" {
			e.If[name] = sessnode.Guard{Value: a.value(text)}
		}
	}
	return e
}

// pairs reads name=(a=1, b=2).
func (a *args) pairs(name string) map[string]string {
	m := map[string]string{}
	for _, pair := range a.texts(name) {
		k, v, _ := strings.Cut(pair, "=")
		m[k] = v
	}
	return m
}

func (a *args) values(name string) map[string]sessnode.Value {
	m := map[string]sessnode.Value{}
	for k, v := range a.pairs(name) {
		m[k] = a.value(v)
	}
	return m
}

// value is JSON text as it stands, msgpack:HEX, bytes:HEX, or long:N for N bytes.
func (a *args) value(v string) sessnode.Value {
	codec, data, _ := strings.Cut(v, ":")
	if codec == "long" {
		n, err := strconv.Atoi(data)
		a.check(err)
		return sessnode.Value{Codec: sessnode.Bytes, Data: make([]byte, n)}
	}
	if c, known := sessnode.ParseCodec(codec); known {
		raw, err := hex.DecodeString(data)
		a.check(err)
		return sessnode.Value{Codec: c, Data: raw}
	}
	return text(v)
}

func (a *args) check(err error) {
	if err != nil {
		a.t.Fatal(err)
	}
}

// time reads what clock wrote.
func (s *story) time(text string) time.Time {
	day := 1
	if d, rest, found := strings.Cut(text, "/"); found {
		n, err := strconv.Atoi(strings.TrimPrefix(d, "d"))
		if err != nil {
			s.t.Fatal(err)
		}
		day, text = n, rest
	}
	for _, layout := range []string{"15:04", "15:04:05", "15:04:05.000"} {
		if at, err := time.Parse(layout, text); err == nil {
			return storyDay.AddDate(0, 0, day-1).Add(at.Sub(at.Truncate(sessnode.Day)))
		}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		s.t.Fatalf("time %q: want HH:MM, HH:MM:SS, dN/HH:MM or RFC 3339", text)
	}
	return at
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
