package frames

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrTooLarge is why a Reader ends at a frame that is larger than it takes.
var ErrTooLarge = errors.New("a frame is larger than allowed")

// readBytes is how much is read at a time, and kept by a Reader that waits.
const readBytes = 32 << 10

// Reader reads frames.
type Reader struct {
	from     io.Reader
	most     int
	buf      []byte
	at, have int
}

// NewReader returns a reader of frames of at most a number of bytes.
func NewReader(from io.Reader, most int) *Reader {
	return &Reader{from: from, most: most, buf: make([]byte, readBytes)}
}

// Next waits for a frame. Its payload is good until the next call. io.EOF says that the stream ended between two frames.
func (r *Reader) Next() (number uint32, payload []byte, err error) {
	if err := r.fill(headBytes); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(r.buf[r.at:])
	number = binary.BigEndian.Uint32(r.buf[r.at+4:])
	if uint64(size) > uint64(r.most) {
		return number, nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, size, r.most)
	}
	if err := r.fill(headBytes + int(size)); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	payload = r.buf[r.at+headBytes : r.at+headBytes+int(size)]
	r.at += headBytes + int(size)
	return number, payload, nil
}

// Half reports whether a part of a frame is there that was not handed out.
func (r *Reader) Half() bool { return r.have > r.at }

// fill reads until so many bytes are there. Room is made as they arrive, not for what a frame says of itself.
func (r *Reader) fill(n int) error {
	for r.have-r.at < n {
		r.makeRoom(n)
		got, err := r.from.Read(r.buf[r.have:])
		r.have += got
		if got == 0 && err != nil {
			if err == io.EOF && r.have > r.at {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// makeRoom moves what was not handed out to the front where nothing or too little has room behind it, and grows the buffer where it is full.
func (r *Reader) makeRoom(n int) {
	switch {
	case r.at == r.have:
		clear(r.buf[:r.have]) // whoever waits for a frame keeps nothing of the last one, in which a token may be
		if r.at, r.have = 0, 0; len(r.buf) > readBytes && n <= readBytes {
			r.buf = make([]byte, readBytes)
		}
	case r.at > 0 && len(r.buf)-r.at < n:
		n := copy(r.buf, r.buf[r.at:r.have])
		clear(r.buf[n:r.have])
		r.at, r.have = 0, n
	}
	if r.have == len(r.buf) {
		grown := make([]byte, min(2*len(r.buf), r.most+headBytes+readBytes))
		copy(grown, r.buf[:r.have])
		r.buf = grown
	}
}
