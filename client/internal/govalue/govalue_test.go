package govalue

import (
	"encoding/gob"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
)

type book struct{ Title string }

func TestTheSameTypeComesBack(t *testing.T) {
	Register()
	gob.Register(book{})
	gob.Register(time.Time{})
	for _, c := range []struct {
		v     any
		codec sessnode.Codec
		text  string // of JSON
	}{
		{"ada <3", sessnode.JSON, `"ada <3"`}, {"", sessnode.JSON, `""`}, {true, sessnode.JSON, `true`},
		{7, sessnode.JSON, `7`}, {math.MinInt, sessnode.JSON, `-9223372036854775808`},
		{1.0, sessnode.JSON, `1.0`}, {1e21, sessnode.JSON, `1e+21`}, {0.1, sessnode.JSON, `0.1`},
		{[]any{1, 1.5, "a", nil}, sessnode.JSON, `[1,1.5,"a",null]`}, {map[string]any{"b": 1, "a": []any{}}, sessnode.JSON, `{"a":[],"b":1}`},
		{[]byte{0, 1}, sessnode.Bytes, ""}, {[]byte(gobMark), sessnode.Bytes, ""},
		{int64(7), sessnode.Bytes, ""}, {uint8(7), sessnode.Bytes, ""}, {float32(7), sessnode.Bytes, ""}, {"\xff", sessnode.Bytes, ""},
		{math.Inf(1), sessnode.Bytes, ""}, {book{"Emma"}, sessnode.Bytes, ""}, {[]any{book{"Emma"}}, sessnode.Bytes, ""},
		{time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), sessnode.Bytes, ""}, {[]string{"a"}, sessnode.Bytes, ""},
	} {
		value, err := Encode(c.v)
		if err != nil || value.Codec != c.codec || c.codec == sessnode.JSON && string(value.Data) != c.text {
			t.Errorf("Encode(%#v) = %v %q, %v, want %v %q", c.v, value.Codec, value.Data, err, c.codec, c.text)
			continue
		}
		got, ok, err := Decode(value)
		if err != nil || !ok || !reflect.DeepEqual(got, c.v) {
			t.Errorf("Decode(Encode(%#v)) = %#v, %t, %v", c.v, got, ok, err)
		}
	}
}

func TestWhatHasNoFormIsAnErrorAndNoPanic(t *testing.T) {
	type unregistered struct{ A int }
	deep := any("x")
	for range 100 {
		deep = []any{deep}
	}
	for _, v := range []any{func() {}, make(chan int), unregistered{1}, (*book)(nil), struct{}{}} {
		if value, err := Encode(v); !errors.Is(err, sessnode.ErrInvalid) {
			t.Errorf("Encode(%T) = %v, %v, want ErrInvalid", v, value, err)
		}
	}
	Register() // other tests, which do so too, need not run before
	if value, err := Encode(deep); err != nil || value.Codec != sessnode.Bytes {
		t.Errorf("Encode(100 lists) = %v, %v, want bytes: the store takes no JSON so deep", value.Codec, err)
	}
}

func TestForeignValuesAreNeverMisread(t *testing.T) {
	if _, ok, err := Decode(sessnode.Value{Codec: sessnode.Msgpack, Data: []byte{0xc0}}); ok || err != nil {
		t.Errorf("Decode(msgpack) = %t, %v, want not ours, and no error", ok, err)
	}
	for _, bad := range []sessnode.Value{{Codec: sessnode.Bytes, Data: []byte(gobMark + "\x03xx")}, {Codec: sessnode.Bytes, Data: []byte(gobMark)}, {Codec: sessnode.JSON}} {
		if _, ok, err := Decode(bad); ok || !errors.Is(err, sessnode.ErrInvalid) {
			t.Errorf("Decode(%q) = %t, %v, want ErrInvalid", bad.Data, ok, err)
		}
	}
	if got, _, err := Decode(sessnode.Value{Codec: sessnode.JSON, Data: []byte("12345678901234567890")}); err != nil || got != 12345678901234567890.0 {
		t.Errorf("Decode(a big integer) = %v, %v, want a float64", got, err)
	}
}
