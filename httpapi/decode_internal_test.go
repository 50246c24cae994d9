package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/sessnode/sessnode"
)

func TestJSONKeepsTheTextOfNumbers(t *testing.T) {
	for _, text := range []string{"1.0", "-0", "1e999999", "123456789012345678901234567890", `"\u00e4\/"`, `{"b":1,"a":2}`} {
		n, err := parse(formatJSON, []byte(" "+text+"\n"))
		if err != nil {
			t.Errorf("parse(%s) = %v", text, err)
			continue
		}
		if v, err := n.plain(); err != nil || string(v.Data) != text {
			t.Errorf("plain(%s) = %s, %v", text, v.Data, err)
		}
	}
}

func TestValuesAreCopies(t *testing.T) {
	body := []byte(`{"attrs":{"a":[1]},"token":"secret"}`)
	n, _ := parse(formatJSON, body)
	var attrs attributes
	if err := n.object(field{"attrs", attrs.readPlain}, field{"token", func(node) error { return nil }}); err != nil {
		t.Fatal(err)
	}
	clear(body)
	if got := string(attrs.values["a"].Data); got != "[1]" {
		t.Errorf("value = %q: it shares memory with the body, and would keep the token in it alive", got)
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`"30m"`: 30 * time.Minute, `"1h30m"`: 90 * time.Minute, `"14d"`: 14 * sessnode.Day, `"1.5d"`: 36 * time.Hour, `"2d12h"`: 60 * time.Hour,
		`"0.5s"`: time.Second / 2, `"0"`: 0, `"0s"`: 0, `1800`: 30 * time.Minute, `0.000000001`: 1, `1209600.123456789`: 14*sessnode.Day + 123456789, `1.8e3`: 30 * time.Minute,
	} {
		n, err := parse(formatJSON, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if d, err := n.span(); err != nil || d != want {
			t.Errorf("duration %s = %v, %v, want %v", text, d, err, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0", time.Second: "1", 1500 * time.Millisecond: "1.5", 1: "0.000000001", -1500 * time.Millisecond: "-1.5", math.MaxInt64: "9223372036.854775807"} {
		if got := seconds(d); got != want {
			t.Errorf("seconds(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestDeviceIsCutAtACharacter(t *testing.T) {
	for in, want := range map[string]string{"abc": "abc", "ab\u00e4": "ab", "\u00e4\u00e4": "\u00e4", "\U0001F600": ""} {
		if got := cut(in, 3); got != want {
			t.Errorf("cut(%q, 3) = %q, want %q", in, got, want)
		}
	}
}

func TestWriterAgreesWithOtherReaders(t *testing.T) {
	texts := []string{"", "a", "\"\\/\b\n\x00\x1f\x7f", "\u00e4\u2028\U0001F600", strings.Repeat("x", 31), strings.Repeat("x", 32), strings.Repeat("x", 300), strings.Repeat("x", 70000)}
	for _, f := range []format{formatJSON, formatMsgpack} {
		w := newWriter(f)
		w.beginObject()
		w.name("texts")
		w.beginList()
		for _, s := range texts {
			w.text(s)
		}
		w.end()
		w.name("n")
		w.uint(math.MaxUint64)
		w.name("empty")
		w.beginObject()
		w.end()
		w.name("yes")
		w.bool(true)
		w.name("bytes")
		w.bytes([]byte{0, 255})
		w.end()
		var got struct {
			Texts []string       `json:"texts" msgpack:"texts"`
			N     uint64         `json:"n" msgpack:"n"`
			Empty map[string]int `json:"empty" msgpack:"empty"`
			Yes   bool           `json:"yes" msgpack:"yes"`
			Bytes []byte         `json:"bytes" msgpack:"bytes"`
		}
		var err error
		if f == formatJSON {
			err = json.Unmarshal(w.buf, &got)
		} else {
			err = msgpack.Unmarshal(w.buf, &got)
		}
		if err != nil || strings.Join(got.Texts, "|") != strings.Join(texts, "|") || got.N != math.MaxUint64 || got.Empty == nil || !got.Yes || !bytes.Equal(got.Bytes, []byte{0, 255}) {
			t.Errorf("%s: %v, %+v", f.contentType(), err, got)
		}
		if _, err := parse(f, w.buf); err != nil {
			t.Errorf("%s: our own reader refuses it: %v", f.contentType(), err)
		}
	}
}

// FuzzJSON: what is accepted is accepted by encoding/json too and means the same there, and survives being written and
// read again. What is refused is ErrInvalid.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"attrs":{"a":1.0,"b":[null,true,{"c":"\ud83d\ude00"}]},"raw":{"m":{"codec":"bytes","data":"/w=="}},"idle":"1h"}`,
		`{"a":1,"\u0061":2}`, `"\ud800"`, "\"\xff\"", `[[[[]]]]`, "-1.5e+3", " {\t}\n", `{"":{}}`, `{"a":{"a":{}}}`, "tru", `{"a":1}x`, "\"\x00\"", `"\`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := parse(formatJSON, body)
		if err != nil {
			if !errors.Is(err, sessnode.ErrInvalid) {
				t.Fatalf("parse(%q) = %v, want ErrInvalid", body, err)
			}
			return
		}
		var want any
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("encoding/json refuses %q: %v", body, err)
		}
		again := rewrite(n)
		var got any
		dec = json.NewDecoder(bytes.NewReader(again))
		dec.UseNumber()
		if err := dec.Decode(&got); err != nil {
			t.Fatalf("%q was written again as %q: %v", body, again, err)
		}
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got)
		if !bytes.Equal(a, b) {
			t.Fatalf("%q became %s, want %s", body, b, a)
		}
		exercise(n)
	})
}

// FuzzMsgpack is the same against vmihailenco/msgpack.
func FuzzMsgpack(f *testing.F) {
	for _, seed := range []string{
		"\x82\xa5attrs\x81\xa1a\x93\x01\xc0\xc3\xa4idle\xcb\x40\x00\x00\x00\x00\x00\x00\x00", "\x81\xa1a\x81\xa1a\x80", "\xdf\xff\xff\xff\xff", "\xc6\x00\x00\x00\x01x",
		"\xd4\x01\x02", "\xc7\x00\x01", "\xd9\x01a", "\xdc\x00\x01\xc0", "\xd3\xff\xff\xff\xff\xff\xff\xff\xff", "\xca\x7f\xc0\x00\x00", "\xc1", "\xa1\xff", "\x82\xa1a\x01\xd9\x01a\x02", "\xe0",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := parse(formatMsgpack, body)
		if err != nil {
			if !errors.Is(err, sessnode.ErrInvalid) {
				t.Fatalf("parse(%x) = %v, want ErrInvalid", body, err)
			}
			return
		}
		dec := msgpack.NewDecoder(bytes.NewReader(body))
		if err := dec.Skip(); err != nil {
			t.Fatalf("the other reader refuses %x: %v", body, err)
		}
		again := rewrite(n)
		m, err := parse(formatMsgpack, again)
		if err != nil || !bytes.Equal(rewrite(m), again) {
			t.Fatalf("%x was written again as %x: %v", body, again, err)
		}
		exercise(n)
	})
}

// rewrite takes a value apart and puts it together again, as far as its objects and lists have names that are text.
func rewrite(n node) []byte {
	w := newWriter(n.format)
	w.node(n)
	return w.buf
}

func (w *writer) node(n node) {
	var names []string
	var values []node
	if err := n.members(func(name []byte, v node) error {
		names, values = append(names, string(name)), append(values, v)
		return nil
	}); err == nil {
		w.beginObject()
		for i, name := range names {
			w.name(name)
			w.node(values[i])
		}
		w.end()
		return
	}
	values = nil
	if err := n.items(func(v node) error { values = append(values, v); return nil }); err == nil {
		w.beginList()
		for _, v := range values {
			w.node(v)
		}
		w.end()
		return
	}
	w.raw(n.text)
}

// exercise reads a body as everything that it could be: nothing may panic.
func exercise(n node) {
	var e edit
	_ = readInto(n, &e, editMembers)
	_, _ = e.change()
	var attrs attributes
	_ = n.object(field{"attrs", attrs.readPlain}, field{"raw", attrs.readRaw})
	var p sessnode.Policy
	_ = n.object(policyFields(&p)...)
	_, _ = n.plain()
	_, _ = n.raw()
	_, _ = n.guard()
	_, _ = n.span()
	_, _ = n.bytes()
	_, _ = n.integer()
	_, _ = n.boolean()
	var list []string
	_ = names(&list)(n)
	var at time.Time
	_ = moment(&at)(n)
}
