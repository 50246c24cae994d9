package cluster

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

// TestBodiesAreMsgpack holds the coder to the library, both ways, at the edges of every form.
func TestBodiesAreMsgpack(t *testing.T) {
	var numbers []uint64
	for shift := range 64 {
		for _, d := range []int64{-1, 0, 1} {
			numbers = append(numbers, uint64(int64(1)<<shift+d))
		}
	}
	for _, n := range append(numbers, 0, math.MaxUint64) {
		want := question{Nonce: n, Applied: n / 3, Low: n%2 == 0}
		var theirs bytes.Buffer
		enc := msgpack.NewEncoder(&theirs)
		for _, err := range []error{enc.EncodeUint(3), enc.EncodeUint(want.Nonce), enc.EncodeUint(want.Applied), enc.EncodeBool(want.Low)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if ours := pack(&want); !bytes.Equal(ours, theirs.Bytes()) {
			t.Errorf("pack(%+v) = %x, the library writes %x", want, ours, theirs.Bytes())
		}
		for _, encode := range []func(*msgpack.Encoder) error{
			func(e *msgpack.Encoder) error { return e.EncodeInt(int64(n)) }, func(e *msgpack.Encoder) error { return e.EncodeInt64(int64(n)) },
		} {
			theirs.Reset()
			if err := encode(msgpack.NewEncoder(&theirs)); err != nil {
				t.Fatal(err)
			}
			c := coder{in: theirs.Bytes(), reading: true, left: 1}
			var got int64
			if c.int(&got); c.err != nil || got != int64(n) {
				t.Errorf("%x is read as %d, %v, want %d", theirs.Bytes(), got, c.err, int64(n))
			}
		}
	}
	for _, n := range []int{0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536} {
		want := forwardAnswer{Stamp: -int64(n), Outcomes: []outcomeFrame{{Fate: 2, Result: bytes.Repeat([]byte{7}, n), Reason: strings.Repeat("r", n)}}}
		frames := forwardFrame{Term: 1, Ops: make([][]byte, n)}
		var got forwardAnswer
		var gotFrames forwardFrame
		if err := unpack(pack(&want), &got); err != nil || got.Stamp != want.Stamp || !bytes.Equal(got.Outcomes[0].Result, want.Outcomes[0].Result) || got.Outcomes[0].Reason != want.Outcomes[0].Reason {
			t.Errorf("%d bytes came back as %d, %v", n, len(got.Outcomes[0].Result), err)
		}
		if err := unpack(pack(&frames), &gotFrames); err != nil || len(gotFrames.Ops) != n {
			t.Errorf("%d items came back as %d, %v", n, len(gotFrames.Ops), err)
		}
		dec := msgpack.NewDecoder(bytes.NewReader(pack(&want)))
		for _, wanted := range []any{uint64(2), -int64(n), 1, uint64(2), bytes.Repeat([]byte{7}, n), uint64(0), strings.Repeat("r", n), ""} {
			into := reflect.New(reflect.TypeOf(wanted))
			var err error
			if _, isLength := wanted.(int); isLength {
				_, err = dec.DecodeArrayLen()
				into.Elem().SetInt(1)
			} else {
				err = dec.Decode(into.Interface())
			}
			if err != nil || !reflect.DeepEqual(into.Elem().Interface(), wanted) {
				t.Fatalf("the library reads %v, %v, want %v", into.Elem(), err, wanted)
			}
		}
	}
}

// TestQuestionsCostNoGarbage: they are on the way of every round of reads. What is left is the coder and the body.
func TestQuestionsCostNoGarbage(t *testing.T) {
	q, body := question{Nonce: 1 << 40, Applied: 1 << 20}, make([]byte, 0, 64)
	if got := testing.AllocsPerRun(100, func() { body = packInto(body[:0], &q) }); got > 1 {
		t.Errorf("pack of a question allocates %v times, want once", got)
	}
	if got := testing.AllocsPerRun(100, func() { _ = unpack(body, &q) }); got > 1 {
		t.Errorf("unpack of a question allocates %v times, want once", got)
	}
}

// BenchmarkForwardFrame is a frame of so many changes of 700 bytes, packed at a follower and unpacked at the leader.
func BenchmarkForwardFrame(b *testing.B) {
	f := forwardFrame{Term: 7, Ops: make([][]byte, 64)}
	for i := range f.Ops {
		f.Ops[i] = make([]byte, 700)
	}
	b.ReportAllocs()
	var body []byte
	for b.Loop() {
		var got forwardFrame
		body = packInto(body[:0], &f)
		if err := unpack(body, &got); err != nil {
			b.Fatal(err)
		}
	}
}
