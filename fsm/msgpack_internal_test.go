package fsm

import (
	"bytes"
	"math"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
	"pgregory.net/rapid"
)

// written returns what the library writes.
func written(write func(*msgpack.Encoder) error) []byte {
	var b bytes.Buffer
	if err := write(msgpack.NewEncoder(&b)); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// sizes draws lengths of both sides of every step at which the form changes.
func sizes() *rapid.Generator[int] {
	return rapid.OneOf(rapid.IntRange(0, 300), rapid.SampledFrom([]int{15, 16, 31, 32, 255, 256, math.MaxUint16, math.MaxUint16 + 1}))
}

func TestEveryFormIsWrittenAsByTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bit := rapid.IntRange(0, 63).Draw(t, "bits")
		u := rapid.Uint64Range(0, math.MaxUint64>>bit).Draw(t, "uint")
		i := rapid.Int64Range(math.MinInt64>>bit, math.MaxInt64>>bit).Draw(t, "int")
		flag := rapid.Bool().Draw(t, "bool")
		n := sizes().Draw(t, "size")
		raw := bytes.Repeat([]byte{rapid.Byte().Draw(t, "filler")}, n)
		for name, pair := range map[string][2][]byte{
			"uint":  {appendUint(nil, u), written(func(e *msgpack.Encoder) error { return e.EncodeUint(u) })},
			"int":   {appendInt(nil, i), written(func(e *msgpack.Encoder) error { return e.EncodeInt(i) })},
			"bool":  {appendBool(nil, flag), written(func(e *msgpack.Encoder) error { return e.EncodeBool(flag) })},
			"array": {appendArray(nil, n), written(func(e *msgpack.Encoder) error { return e.EncodeArrayLen(n) })},
			"text":  {appendText(nil, string(raw)), written(func(e *msgpack.Encoder) error { return e.EncodeString(string(raw)) })},
			"bytes": {appendBytes(nil, raw), written(func(e *msgpack.Encoder) error { return e.EncodeBytes(raw) })},
		} {
			if !bytes.Equal(pair[0], pair[1]) {
				t.Errorf("%s of %d, %d, %v or %d bytes = %x, the library writes %x", name, u, i, flag, n, pair[0][:min(len(pair[0]), 12)], pair[1][:min(len(pair[1]), 12)])
			}
		}
	})
}

// differences reads one input as each form, by hand and with the library, and names the forms in which they differ: in the
// value, in how much was read, or in whether it was an error.
func differences(b []byte) (list []string) {
	compare := func(name string, mine uint64, rest []byte, err error, read func(*msgpack.Decoder) (uint64, error)) {
		src := bytes.NewReader(b)
		theirs, theirErr := read(msgpack.NewDecoder(src))
		if (err == nil) != (theirErr == nil) || err == nil && (mine != theirs || len(rest) != src.Len()) {
			list = append(list, name)
		}
	}
	v, rest, err := takeInteger(b)
	compare("uint", v, rest, err, func(d *msgpack.Decoder) (uint64, error) { return d.DecodeUint64() })
	compare("int", v, rest, err, func(d *msgpack.Decoder) (uint64, error) { n, err := d.DecodeInt64(); return uint64(n), err })
	flag, rest, err := takeBool(b)
	number := map[bool]uint64{true: 1}
	compare("bool", number[flag], rest, err, func(d *msgpack.Decoder) (uint64, error) { f, err := d.DecodeBool(); return number[f], err })
	n, rest, err := takeArray(b)
	compare("array", uint64(n), rest, err, func(d *msgpack.Decoder) (uint64, error) { n, err := d.DecodeArrayLen(); return uint64(n), err })
	n, rest, err = takeLength(b)
	compare("length", uint64(n), rest, err, func(d *msgpack.Decoder) (uint64, error) { n, err := d.DecodeBytesLen(); return uint64(n), err })
	return list
}

// TestEveryFormIsReadAsByTheLibrary goes through every code, with too little, just enough and more behind it.
func TestEveryFormIsReadAsByTheLibrary(t *testing.T) {
	if list := differences(nil); list != nil {
		t.Errorf("of nothing, %v differ", list)
	}
	for code := range 256 {
		for size := range 12 {
			for _, filler := range []byte{0, 1, 0x7f, 0x80, 0xff} {
				b := append([]byte{byte(code)}, bytes.Repeat([]byte{filler}, size)...)
				if list := differences(b); list != nil {
					t.Errorf("of %x, %v differ", b, list)
				}
			}
		}
	}
}

func FuzzFormsAreReadAsByTheLibrary(f *testing.F) {
	f.Add([]byte{0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		if list := differences(b); list != nil {
			t.Errorf("of %x, %v differ", b, list)
		}
	})
}
