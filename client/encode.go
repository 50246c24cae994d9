package client

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sessnode/sessnode"
)

// object writes a JSON object by hand, because a JSON value has to arrive as the very text that it is: encoding/json would
// compact it and escape parts of it. The first fault is kept and everything after it is passed over.
type object struct {
	buf   []byte
	fault string
}

func newObject() *object { return &object{buf: []byte{'{'}} }

// bytes closes the object. An empty one is no body at all.
func (o *object) bytes() []byte {
	if len(o.buf) == 1 {
		return nil
	}
	return append(o.buf, '}')
}

func (o *object) fail(format string, args ...any) {
	if o.fault == "" {
		o.fault = fmt.Sprintf(format, args...)
	}
}

func (o *object) name(name string) {
	if !utf8.ValidString(name) {
		o.fail("the name %q is not UTF-8", name)
	}
	if len(o.buf) > 1 {
		o.buf = append(o.buf, ',')
	}
	o.buf = append(append(o.buf, quote(name)...), ':')
}

// raw writes a member whose value is JSON already.
func (o *object) raw(name string, value []byte) {
	o.name(name)
	o.buf = append(o.buf, value...)
}

// text writes a member that is a string.
func (o *object) text(name, value string) {
	if !utf8.ValidString(value) {
		o.fail("%s is not UTF-8", name)
	}
	o.raw(name, quote(value))
}

// group writes a member that is an object, unless it would be empty.
func (o *object) group(name string, fill func(*object)) {
	inner := newObject()
	fill(inner)
	if inner.fault != "" {
		o.fail("%s", inner.fault)
	}
	if body := inner.bytes(); body != nil {
		o.raw(name, body)
	}
}

// values writes attributes: plain JSON values under plain, all others under "raw".
func (o *object) values(plain string, attrs map[string]sessnode.Value) {
	names := slices.Sorted(maps.Keys(attrs))
	o.group(plain, func(in *object) {
		for _, name := range names {
			if v := attrs[name]; inline(v) {
				in.raw(name, v.Data)
			} else if v.Codec == sessnode.JSON && !json.Valid(v.Data) {
				in.fail("the value of %q has the codec json but is no JSON text", name)
			}
		}
	})
	o.group("raw", func(in *object) {
		for _, name := range names {
			if v := attrs[name]; !inline(v) {
				in.raw(name, rawValue(v))
			}
		}
	})
}

// inline reports whether a value can stand in a JSON body as it is. White space around it would be lost there.
func inline(v sessnode.Value) bool {
	return v.Codec == sessnode.JSON && json.Valid(v.Data) && len(bytes.TrimSpace(v.Data)) == len(v.Data)
}

func rawValue(v sessnode.Value) []byte {
	return fmt.Appendf(nil, `{"codec":"%s","data":"%s"}`, v.Codec, base64.StdEncoding.EncodeToString(v.Data))
}

// device writes what is known of the browser. It comes from request headers, which may hold any bytes.
func (o *object) device(d sessnode.Device) {
	clean := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
	o.name("device")
	inner := newObject()
	inner.text("ip", clean(d.IP))
	inner.text("user_agent", clean(d.UserAgent))
	inner.text("label", clean(d.Label))
	o.buf = append(o.buf, inner.bytes()...)
}

// timeouts writes a new session's own rules; zero ones are left out.
func (o *object) timeouts(t sessnode.Timeouts) {
	if t.Idle != 0 {
		o.raw("idle", quote(duration(t.Idle)))
	}
	if t.Lifetime != 0 {
		o.raw("lifetime", quote(duration(t.Lifetime)))
	}
	if !t.Expires.IsZero() {
		o.raw("expires", quote(instant(t.Expires)))
	}
}

// timeoutChange writes changed rules; zero ones return to the policy.
func (o *object) timeoutChange(t sessnode.TimeoutChange) {
	if t.Idle != nil {
		o.raw("idle", quote(duration(*t.Idle)))
	}
	if t.Lifetime != nil {
		o.raw("lifetime", quote(duration(*t.Lifetime)))
	}
	if t.Expires != nil {
		o.raw("expires", quote(instant(*t.Expires)))
	}
}

// edit writes a change of attributes and timeouts.
func (o *object) edit(e sessnode.Edit) {
	o.values("set", e.Set)
	if len(e.Unset) > 0 {
		o.list("unset", e.Unset)
	}
	o.group("incr", func(in *object) {
		for _, name := range slices.Sorted(maps.Keys(e.Incr)) {
			in.raw(name, fmt.Append(nil, e.Incr[name]))
		}
	})
	o.group("if", func(in *object) {
		for _, name := range slices.Sorted(maps.Keys(e.If)) {
			in.raw(name, guard(e.If[name]))
		}
	})
	o.timeoutChange(e.Timeouts)
	if e.Device != nil {
		o.device(*e.Device)
	}
}

func (o *object) list(name string, texts []string) {
	o.name(name)
	for i, text := range texts {
		if !utf8.ValidString(text) {
			o.fail("one of %s is not UTF-8", name)
		}
		o.buf = append(append(o.buf, "[,"[min(i, 1)]), quote(text)...)
	}
	o.buf = append(o.buf, ']')
}

func guard(g sessnode.Guard) []byte {
	switch {
	case g.Absent:
		return []byte(`{"absent":true}`)
	case inline(g.Value):
		return fmt.Appendf(nil, `{"equals":%s}`, g.Value.Data)
	}
	return fmt.Appendf(nil, `{"raw":%s}`, rawValue(g.Value))
}

func quote(s string) []byte {
	b, _ := json.Marshal(s) // a string never fails
	return b
}

// duration writes seconds, as every version of the server reads them.
func duration(d time.Duration) string { return seconds(d) + "s" }

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
