package nodeport

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sessnode/sessnode"
)

// A frame on a connection of calls: four bytes of length (of what follows), kind, eight bytes of call id, then
//
//	request   method, eight bytes of time left in ns (0 = no deadline), body
//	response  body
//	failure   code, eight bytes of RetryAfter in ns, and op, app, reason, detail with two bytes of length each
//	ping, pong nothing; the id is 0
//
// Integers are big-endian. The time left travels as a duration, so that the nodes' clocks need not agree.

type kind byte

const (
	request kind = iota + 1
	response
	failure
	ping
	pong
)

const (
	lengthBytes = 4
	idBytes     = 1 + 8                 // kind and call id
	headBytes   = lengthBytes + idBytes // of every frame
	callBytes   = headBytes + 1 + 8     // of a request, without its body
	maxText     = 1024                  // of each text of a failure; longer ones are cut
	maxTime     = 365 * 24 * time.Hour  // of a deadline or RetryAfter that came over the wire
	maxFailure  = idBytes + 1 + 8 + 4*(2+maxText)
)

// frame is one decoded frame. Which fields count depends on the kind.
type frame struct {
	kind    kind
	id      uint64
	method  Method
	timeout time.Duration // request: left until the caller's deadline; 0 = none
	body    []byte        // request, response: shares memory with what was decoded
	failure RemoteError   // without Peer
}

// appendFrame writes f to dst, with its length in front.
func appendFrame(dst []byte, f *frame) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0, byte(f.kind))
	dst = binary.BigEndian.AppendUint64(dst, f.id)
	switch f.kind {
	case request:
		dst = append(dst, byte(f.method))
		dst = binary.BigEndian.AppendUint64(dst, uint64(max(f.timeout, 0)))
		dst = append(dst, f.body...)
	case response:
		dst = append(dst, f.body...)
	case failure:
		dst = append(dst, byte(f.failure.Code))
		dst = binary.BigEndian.AppendUint64(dst, uint64(max(f.failure.RetryAfter, 0)))
		for _, s := range []string{f.failure.Op, f.failure.App, f.failure.Reason, f.failure.Detail} {
			s = cut(s)
			dst = append(binary.BigEndian.AppendUint16(dst, uint16(len(s))), s...)
		}
	}
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-lengthBytes))
	return dst
}

// cut shortens s to maxText bytes at a character, and makes it valid UTF-8.
func cut(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
		for i := 0; i < utf8.UTFMax && !utf8.ValidString(s); i++ {
			s = s[:len(s)-1]
		}
	}
	return strings.ToValidUTF8(s, "?") // never longer than s
}

// readFrame reads one frame of at most maxFrame bytes. It wraps ErrProtocol when what came is no frame; the connection is
// then useless. The frame's memory is its own.
func readFrame(r *bufio.Reader, maxFrame int) (frame, error) {
	var head [lengthBytes]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	n := int64(binary.BigEndian.Uint32(head[:]))
	if n > int64(max(maxFrame, maxFailure)) {
		return frame{}, fmt.Errorf("%w: frame of %d bytes, allowed are %d", ErrProtocol, n, maxFrame)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return frame{}, err
	}
	return decodeFrame(b)
}

// decodeFrame reads what follows the length. It wraps ErrProtocol.
func decodeFrame(b []byte) (frame, error) {
	if len(b) < idBytes {
		return frame{}, fmt.Errorf("%w: frame of %d bytes", ErrProtocol, len(b))
	}
	f := frame{kind: kind(b[0]), id: binary.BigEndian.Uint64(b[1:])}
	b = b[idBytes:]
	switch f.kind {
	case request:
		if len(b) < 9 {
			return frame{}, fmt.Errorf("%w: request is cut short", ErrProtocol)
		}
		f.method, f.timeout, f.body = Method(b[0]), duration(b[1:]), b[9:]
	case response:
		f.body = b
	case failure:
		return f, decodeFailure(b, &f.failure)
	case ping, pong:
		if len(b) != 0 {
			return frame{}, fmt.Errorf("%w: ping with a body", ErrProtocol)
		}
	default:
		return frame{}, fmt.Errorf("%w: frame of kind %d", ErrProtocol, f.kind)
	}
	return f, nil
}

func decodeFailure(b []byte, out *RemoteError) error {
	if len(b) < 9 {
		return fmt.Errorf("%w: failure is cut short", ErrProtocol)
	}
	out.Code, out.RetryAfter = sessnode.Code(b[0]), duration(b[1:])
	b = b[9:]
	for _, text := range []*string{&out.Op, &out.App, &out.Reason, &out.Detail} {
		if len(b) < 2 {
			return fmt.Errorf("%w: failure is cut short", ErrProtocol)
		}
		n := int(binary.BigEndian.Uint16(b))
		if b = b[2:]; n > maxText || n > len(b) {
			return fmt.Errorf("%w: failure is cut short", ErrProtocol)
		}
		*text, b = string(b[:n]), b[n:]
	}
	if len(b) != 0 {
		return fmt.Errorf("%w: %d bytes after a failure", ErrProtocol, len(b))
	}
	return nil
}

// duration reads eight bytes of nanoseconds; what would overflow is a year.
func duration(b []byte) time.Duration {
	return time.Duration(min(binary.BigEndian.Uint64(b), uint64(maxTime)))
}
