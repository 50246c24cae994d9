package scsstore

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/client/internal/govalue"
)

// BenchmarkRequest is what a request of a session with ten keys costs besides the store: scs alone, and with what this package adds.
func BenchmarkRequest(b *testing.B) {
	values := map[string]any{}
	attrs := map[string]sessnode.Value{}
	for i := range 10 {
		name := fmt.Sprintf("key%d", i)
		values[name] = "a value of some length"
		attrs[name], _ = govalue.Encode(values[name])
	}
	codec, end := scs.GobCodec{}, time.Now().Add(time.Hour)
	b.Run("scs alone", func(b *testing.B) {
		blob, _ := codec.Encode(end, values)
		for b.Loop() {
			_, got, err := codec.Decode(blob)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := codec.Encode(end, got); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("with scsstore", func(b *testing.B) {
		s := New(nil, Options{})
		base := baselineOf(&client.Session{Session: sessnode.Session{Attrs: attrs, End: end}})
		for b.Loop() {
			got, err := s.values(base)
			if err != nil {
				b.Fatal(err)
			}
			got[entryOf("token")] = base.text()
			blob, _ := s.codec.Encode(end, got)
			_, got, _ = codec.Decode(blob)
			blob, _ = codec.Encode(end, got)
			_, got, _ = s.codec.Decode(blob)
			found, _, err := takeBaselines(got, "token")
			if err != nil || found == nil {
				b.Fatal(err)
			}
			edit, err := (request{Store: s, values: got}).diff(found)
			if err != nil || len(edit.Set) > 0 {
				b.Fatal(err, edit)
			}
		}
	})
}

func TestABaselineComesBackWhole(t *testing.T) {
	want := &baseline{
		Attrs:   map[string]sessnode.Value{"a": {Codec: sessnode.Msgpack, Data: []byte{0, 255}}, "": {Data: []byte{}}},
		Subject: "ada", Device: sessnode.Device{IP: "::1", UserAgent: "x\x00", Label: "ü"},
		Timeouts: sessnode.Timeouts{Idle: -1, Lifetime: time.Hour, Expires: time.Now().UTC().Round(0)}, End: time.Time{},
	}
	got, err := readBaseline(want.text())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("readBaseline = %+v, %v, want %+v", got, err, want)
	}
	for _, bad := range []string{"no!", "", want.text()[:4], "/////w"} {
		if _, err := readBaseline(bad); err == nil {
			t.Errorf("readBaseline(%q) = nil", bad)
		}
	}
}
