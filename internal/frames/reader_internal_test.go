package frames

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"
	"testing/iotest"
)

// TestAReaderThatWaitsKeepsNothing of the frames that it has handed out: there may be tokens in them.
func TestAReaderThatWaitsKeepsNothing(t *testing.T) {
	secret := []byte("a token that nobody may find")
	frame := append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(len(secret))), 1), secret...)
	// The last frame but one ends near the end of the buffer, so that the last one, which comes in two parts, is moved to the front.
	first := make([]byte, readBytes-headBytes-len(frame)-len(frame)/2)
	stream := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(len(first))), 1)
	stream = append(append(append(stream, first...), frame...), frame...)
	r := NewReader(iotest.DataErrReader(bytes.NewReader(stream)), 2*readBytes)
	if _, _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, payload, err := r.Next(); err != nil || !bytes.Equal(payload, secret) {
			t.Fatalf("a frame = %q, %v", payload, err)
		}
	}
	if !bytes.Contains(r.buf, secret) {
		t.Error("what was just handed out is not there")
	}
	if _, _, err := r.Next(); err != io.EOF {
		t.Fatal(err)
	}
	if bytes.Contains(r.buf, secret) {
		t.Error("it is still there while the reader waits for the next one")
	}
}
