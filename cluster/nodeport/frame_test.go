package nodeport

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sessnode/sessnode"
)

var frames = []frame{
	{kind: request, id: 1, method: 7, timeout: 3 * time.Second, body: []byte("body")},
	{kind: request, id: 1<<64 - 1, body: []byte{}},
	{kind: response, id: 2, body: []byte("answer")},
	{kind: failure, id: 3, failure: RemoteError{
		Code: sessnode.CodeConflict, Op: "create", App: "web", Reason: "taken", Detail: "a session has it", RetryAfter: time.Second,
	}},
	{kind: ping}, {kind: pong},
}

func TestFramesComeBackAsTheyWere(t *testing.T) {
	var wire []byte
	for i := range frames {
		wire = appendFrame(wire, &frames[i])
	}
	r := bufio.NewReader(bytes.NewReader(wire))
	for _, want := range frames {
		got, err := readFrame(r, 1<<20)
		if err != nil {
			t.Fatalf("readFrame(%+v) = %v", want, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(frame{})); diff != "" {
			t.Errorf("readFrame (-want +got):\n%s", diff)
		}
	}
}

func TestLongTextsAreCutAtACharacter(t *testing.T) {
	detail := strings.Repeat("x", maxText-1) + "äöü"
	wire := appendFrame(nil, &frame{kind: failure, failure: RemoteError{Code: sessnode.CodeInvalid, Detail: detail}})
	got, err := readFrame(bufio.NewReader(bytes.NewReader(wire)), 1)
	if err != nil {
		t.Fatalf("readFrame = %v: a failure must fit whatever the limit", err)
	}
	if d := got.failure.Detail; !utf8.ValidString(d) || d != detail[:maxText-1] {
		t.Errorf("detail = %d bytes, valid %v, want the first %d", len(d), utf8.ValidString(d), maxText-1)
	}
}

func TestOversizedFrameIsRefusedBeforeItIsRead(t *testing.T) {
	var head [4]byte
	binary.BigEndian.PutUint32(head[:], 1<<32-1)
	if _, err := readFrame(bufio.NewReader(bytes.NewReader(head[:])), 1<<20); !errors.Is(err, ErrProtocol) {
		t.Errorf("readFrame(4 GiB) = %v, want ErrProtocol", err)
	}
}

func FuzzFrame(f *testing.F) {
	for i := range frames {
		f.Add(appendFrame(nil, &frames[i])[lengthBytes:])
	}
	f.Add([]byte{})
	f.Add([]byte{byte(failure), 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := decodeFrame(in)
		if err != nil {
			if !errors.Is(err, ErrProtocol) {
				t.Errorf("decodeFrame = %v, want ErrProtocol", err)
			}
			return
		}
		if got.timeout < 0 || got.failure.RetryAfter < 0 {
			t.Errorf("decodeFrame gave a negative duration: %+v", got)
		}
		again, err := decodeFrame(appendFrame(nil, &got)[lengthBytes:])
		if err != nil {
			t.Fatalf("decodeFrame(appendFrame(%+v)) = %v", got, err)
		}
		again.failure.Detail, got.failure.Detail = "", "" // texts are made valid UTF-8 on the way
		again.failure.Op, again.failure.App, again.failure.Reason = got.failure.Op, got.failure.App, got.failure.Reason
		if diff := cmp.Diff(got, again, cmp.AllowUnexported(frame{})); diff != "" {
			t.Errorf("second decode differs:\n%s", diff)
		}
	})
}
