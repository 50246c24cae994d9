package talk

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Frames of HTTP/2 (RFC 9113), and their flags.
const (
	frameData         = 0
	frameHeaders      = 1
	frameReset        = 3
	frameSettings     = 4
	framePing         = 6
	frameGoAway       = 7
	frameWindowUpdate = 8

	flagEndStream  = 1
	flagAck        = 1
	flagEndHeaders = 4
	flagPadded     = 8

	frameHeaderBytes = 9
	maxFrameBytes    = 16 << 10 // as the protocol has it where nobody asks for more
	largestWindow    = 1<<31 - 1
	firstWindow      = 65535
	topUp            = 1 << 20 // bytes after which the server is told that they were read
)

// ErrCall is returned for a call that the server answered with a status instead of a message.
var ErrCall = errors.New("talk: the call failed")

// GRPC is a connection to a gRPC server. It makes one call at a time, so it need not decode headers: a call that
// succeeds has a message, one that fails has none. It belongs to one goroutine.
type GRPC struct {
	link
	blocks  map[string][]byte // encoded headers, by path
	stream  uint32            // of the last call
	read    int               // bytes of data since the server was last told
	frame   []byte
	message []byte
}

// NewGRPC prepares a connection; it does not dial. A call may take as long as timeout.
func NewGRPC(address string, timeout time.Duration) *GRPC {
	c := &GRPC{link: newLink(address, timeout), blocks: map[string][]byte{}}
	c.greet = func() error {
		c.stream, c.read = ^uint32(0), 0 // the first call has 1
		c.out = append(c.out[:0], "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"...)
		settings := binary.BigEndian.AppendUint32([]byte{0, 2, 0, 0, 0, 0, 0, 4}, largestWindow) // no pushes; window of a stream
		c.appendFrame(frameSettings, 0, 0, settings)
		c.appendFrame(frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, largestWindow-firstWindow))
		return c.send()
	}
	return c
}

func (c *GRPC) appendFrame(kind, flags byte, stream uint32, payload []byte) {
	n := len(payload)
	c.out = binary.BigEndian.AppendUint32(append(c.out, byte(n>>16), byte(n>>8), byte(n), kind, flags), stream)
	c.out = append(c.out, payload...)
}

// block returns the encoded headers of a call. Nothing enters the table of the connection (RFC 7541, 6.2.2), so they are the same in
// every call.
func (c *GRPC) block(path string) []byte {
	if b := c.blocks[path]; b != nil {
		return b
	}
	text := func(b []byte, s string) []byte { return append(append(b, byte(len(s))), s...) }
	b := []byte{0x83, 0x86}                              // :method POST, :scheme http
	b = text(append(b, 0x04), path)                      // :path
	b = text(append(b, 0x01), c.address)                 // :authority
	b = text(append(b, 0x0f, 31-15), "application/grpc") // content-type
	b = text(text(append(b, 0x00), "te"), "trailers")    // te
	c.blocks[path] = b
	return b
}

// Call makes a call of one message and returns its answer, good until the next call. sent reports whether the server may have got it.
// ErrCall leaves the connection as it is; after any other error it is closed.
func (c *GRPC) Call(ctx context.Context, path string, request []byte) (answer []byte, sent bool, err error) {
	if err := c.ready(ctx); err != nil {
		return nil, false, err
	}
	c.stream += 2
	c.out = c.out[:0]
	c.appendFrame(frameHeaders, flagEndHeaders, c.stream, c.block(path))
	c.frame = binary.BigEndian.AppendUint32(append(c.frame[:0], 0), uint32(len(request))) // not compressed
	c.frame = append(c.frame, request...)
	c.appendFrame(frameData, flagEndStream, c.stream, c.frame)
	err = c.send()
	if err == nil {
		answer, err = c.receive()
	}
	if err != nil && !errors.Is(err, ErrCall) {
		_ = c.Close()
	}
	return answer, true, err
}

// receive reads frames until the call has ended.
func (c *GRPC) receive() ([]byte, error) {
	c.message = c.message[:0]
	for {
		kind, flags, stream, payload, err := c.next()
		if err != nil {
			return nil, err
		}
		switch kind {
		case frameSettings:
			err = c.acknowledge(frameSettings, flags, nil)
		case framePing:
			err = c.acknowledge(framePing, flags, payload)
		case frameGoAway:
			err = fmt.Errorf("%w: the server closes the connection", ErrProtocol)
		case frameReset:
			if stream == c.stream {
				return nil, fmt.Errorf("%w: reset", ErrCall)
			}
		case frameData:
			if stream == c.stream {
				err = c.take(flags, payload)
			}
		}
		if err != nil {
			return nil, err
		}
		if stream == c.stream && flags&flagEndStream != 0 && (kind == frameData || kind == frameHeaders) {
			return c.whole()
		}
	}
}

// next reads one frame. The payload is good until the next one.
func (c *GRPC) next() (kind, flags byte, stream uint32, payload []byte, err error) {
	var h [frameHeaderBytes]byte
	if _, err = io.ReadFull(c.in, h[:]); err != nil {
		return
	}
	length := int(h[0])<<16 | int(h[1])<<8 | int(h[2])
	if length > maxFrameBytes {
		return 0, 0, 0, nil, fmt.Errorf("%w: a frame of %d bytes", ErrProtocol, length)
	}
	c.frame = append(c.frame[:0], make([]byte, length)...)
	_, err = io.ReadFull(c.in, c.frame)
	return h[3], h[4], binary.BigEndian.Uint32(h[5:]) & largestWindow, c.frame, err
}

// take keeps data, and tells the server now and then that it was read.
func (c *GRPC) take(flags byte, payload []byte) error {
	c.read += len(payload)
	if flags&flagPadded != 0 {
		if len(payload) == 0 || int(payload[0]) >= len(payload) {
			return fmt.Errorf("%w: padding", ErrProtocol)
		}
		payload = payload[1 : len(payload)-int(payload[0])]
	}
	c.message = append(c.message, payload...)
	if c.read < topUp {
		return nil
	}
	c.appendFrame(frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, uint32(c.read)))
	c.read = 0
	return c.send()
}

func (c *GRPC) acknowledge(kind, flags byte, payload []byte) error {
	if flags&flagAck != 0 {
		return nil
	}
	c.appendFrame(kind, flagAck, 0, payload)
	return c.send()
}

// whole returns the message of a call that has ended.
func (c *GRPC) whole() ([]byte, error) {
	m := c.message
	if len(m) == 0 {
		return nil, ErrCall
	}
	if len(m) < 5 || m[0] != 0 || int(binary.BigEndian.Uint32(m[1:])) != len(m)-5 {
		return nil, fmt.Errorf("%w: not one plain message", ErrProtocol)
	}
	return m[5:], nil
}
