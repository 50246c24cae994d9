package govalue

import (
	"bytes"
	"testing"

	"github.com/sessnode/sessnode"
)

// FuzzDecode gives Decode what another writer of the same app might have stored: it must neither panic nor misread, and what it reads can be
// written again and read as the same.
func FuzzDecode(f *testing.F) {
	Register()
	for _, v := range []any{"a", 1, 1.5, nil, []any{1, "a"}, map[string]any{"a": 1.0}, []byte("b"), int64(7), []string{"a"}, "\xff"} {
		value, err := Encode(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(value.Codec), value.Data)
	}
	f.Add(uint8(sessnode.Bytes), []byte(gobMark+"\xff\xff"))
	f.Add(uint8(sessnode.JSON), []byte("1e400"))
	f.Fuzz(func(t *testing.T, codec uint8, data []byte) {
		got, ok, err := Decode(sessnode.Value{Codec: sessnode.Codec(codec), Data: data})
		if err != nil || !ok {
			return
		}
		value, err := Encode(got)
		if err != nil {
			return // gob reads more than it writes
		}
		again, ok, err := Decode(value)
		if err != nil || !ok {
			t.Fatalf("Decode(Encode(%#v)) = %t, %v", got, ok, err)
		}
		rewritten, err := Encode(again)
		if err != nil || rewritten.Codec != value.Codec || rewritten.Codec == sessnode.JSON && !bytes.Equal(rewritten.Data, value.Data) {
			t.Errorf("%#v came back as %#v", got, again)
		}
	})
}
