package conformance

import (
	"bytes"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// exact are values that a store which looks inside would change.
func exact() map[string]sessnode.Value {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	values := map[string]sessnode.Value{
		"msgpack":   {Codec: sessnode.Msgpack, Data: []byte{0x82, 0xa1, 'a', 0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xa1, 'b', 0xc0}},
		"bytes":     {Codec: sessnode.Bytes, Data: all},
		"empty":     {Codec: sessnode.Bytes, Data: []byte{}},
		"ä 名":       text("1"),
		`"<>&\/'`:   text("1"),
		"__proto__": text("1"),
		"a.b[0]":    text("1"),
		" ":         text("1"),
		"codec":     text(`{"codec":"json","data":"MQ=="}`),
	}
	for i, s := range []string{"1.0", "-0", "1E400", "123456789012345678901234567890", `{"b":1,"a":2}`, `"\u003c<"`, `"\ud83d\ude00"`, `"é"`,
		"[1, 2,  3]", "{ \"a\" :\t[ ] }", "null", "true", `""`, "{}", `"\u0000"`, strings.Repeat("[", 60) + strings.Repeat("]", 60)} {
		values[string(rune('a'+i))] = text(s)
	}
	return values
}

func (e *env) same(what string, got, want map[string]sessnode.Value) {
	e.Helper()
	if len(got) != len(want) {
		e.Errorf("%s: %d values, want %d", what, len(got), len(want))
	}
	for name, w := range want {
		if g, there := got[name]; !there || g.Codec != w.Codec || !bytes.Equal(g.Data, w.Data) {
			e.Errorf("%s: value %q = %s %q, want %s %q", what, name, g.Codec, g.Data, w.Codec, w.Data)
		}
	}
}

var values = []claim{
	{"ValuesComeBackByteForByte", func(e *env) {
		e.declare(unchanged)
		want := exact()
		token, _ := e.create(client.Create{Attrs: want})
		e.same("created", e.read(token).Attrs, want)

		token, _ = e.create(client.Create{})
		e.patch(token, sessnode.Edit{Set: want})
		e.same("patched", e.read(token).Attrs, want)

		token, s := e.create(client.Create{})
		if _, err := e.on().Replace(e.Context(), token, want, sessnode.TimeoutChange{}); err != nil {
			e.Fatal(err)
		}
		e.same("replaced", e.read(token).Attrs, want)
		byID, err := e.on().SessionByID(e.Context(), s.ID)
		if err != nil {
			e.Fatal(err)
		}
		e.same("by id", byID.Attrs, want)

		token, _ = e.rotate(token, client.Rotation{Edit: sessnode.Edit{Set: attrs("rotated", "1.0")}})
		var names []string
		for name := range want {
			names = append(names, name)
		}
		popped, err := e.on().Pop(e.Context(), token, names)
		if err != nil {
			e.Fatal(err)
		}
		e.same("popped", popped.Values, want)
		e.same("left", e.read(token).Attrs, attrs("rotated", "1.0"))
	}},
	{"ValuesThatCannotBeJSONAreInvalid", func(e *env) {
		token, _ := e.begin(client.Create{})
		for name, bad := range map[string]string{
			"a lone surrogate":       `"\ud800"`,
			"a key twice":            `{"a":1,"a":2}`,
			"too deep a nesting":     strings.Repeat("[", 100) + strings.Repeat("]", 100),
			"bytes that are no text": "\"\xff\"",
		} {
			_, err := e.on().Patch(e.Context(), token, set("a", bad))
			e.is("Patch with "+name, err, sessnode.ErrInvalid, "")
		}
		if s := e.read(token); len(s.Attrs) != 0 {
			e.Errorf("attributes after refused patches = %v, want none", s.Attrs)
		}
	}},
}
