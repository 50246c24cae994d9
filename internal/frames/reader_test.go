package frames_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/sessnode/sessnode/internal/frames"
)

func frame(number uint32, payload []byte) []byte {
	return append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(len(payload))), number), payload...)
}

// TestFramesArriveHoweverTheyAreCut reads frames of all sizes up to the largest, in pieces of one byte, of half and of what there is.
func TestFramesArriveHoweverTheyAreCut(t *testing.T) {
	const most = 100_000
	rng := rand.New(rand.NewPCG(1, 2))
	var stream []byte
	var want [][]byte
	for i := range 60 {
		size := []int{0, 1, 700, 32<<10 - 8, 32 << 10, 32<<10 + 1, most, rng.IntN(most)}[i%8]
		payload := make([]byte, size)
		for k := range payload {
			payload[k] = byte(rng.Uint32())
		}
		want = append(want, payload)
		stream = append(stream, frame(uint32(i+1), payload)...)
	}
	for name, pieces := range map[string]func(io.Reader) io.Reader{"bytes": iotest.OneByteReader, "halves": iotest.HalfReader, "all": func(r io.Reader) io.Reader { return r }} {
		r := frames.NewReader(pieces(bytes.NewReader(stream)), most)
		for i := range want {
			number, payload, err := r.Next()
			if err != nil || number != uint32(i+1) || !bytes.Equal(payload, want[i]) {
				t.Fatalf("%s: frame %d = number %d, %d bytes, %v, want %d bytes", name, i+1, number, len(payload), err, len(want[i]))
			}
		}
		if _, _, err := r.Next(); err != io.EOF {
			t.Errorf("%s: after the last frame: %v, want io.EOF", name, err)
		}
	}
}

func TestHalfAFrameIsNone(t *testing.T) {
	whole := frame(7, []byte("hello"))
	for cut := 1; cut < len(whole); cut++ {
		if _, _, err := frames.NewReader(bytes.NewReader(whole[:cut]), 100).Next(); err != io.ErrUnexpectedEOF {
			t.Errorf("%d bytes of a frame: %v, want io.ErrUnexpectedEOF", cut, err)
		}
	}
}

// TestAFrameThatIsTooLargeCostsNoMemory: what it says of itself is not believed, and one that is allowed is given room as it arrives.
func TestAFrameThatIsTooLargeCostsNoMemory(t *testing.T) {
	if _, _, err := frames.NewReader(bytes.NewReader(frame(1, make([]byte, 11))), 10).Next(); !errors.Is(err, frames.ErrTooLarge) {
		t.Errorf("11 bytes of at most 10: %v", err)
	}
	head := binary.BigEndian.AppendUint32(nil, 1<<30)
	head = append(binary.BigEndian.AppendUint32(head, 1), "the beginning"...)
	got := testing.AllocsPerRun(1, func() {
		if _, _, err := frames.NewReader(bytes.NewReader(head), 1<<30).Next(); err != io.ErrUnexpectedEOF {
			t.Errorf("the beginning of a large frame: %v", err)
		}
	})
	if got > 10 {
		t.Errorf("%v allocations", got)
	}
}
