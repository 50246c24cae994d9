package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/vmihailenco/msgpack/v5"
)

// coder writes or reads the body of a call. A message lists its fields once, for both directions: msgpack values one after
// another, led by how many there are. A later build may add fields at the end of a message: an older one passes over
// them, and finds those that an older one did not send to be zero.
//
// Lengths are checked against what is there before anything is allocated, and nothing recurses: a damaged body costs an error.
type coder struct {
	enc  *msgpack.Encoder // nil when reading
	dec  *msgpack.Decoder
	src  *bytes.Reader
	left uint64 // fields still to be read
	err  error
}

// message is a body that knows its fields.
type message interface {
	fields() uint64 // how many
	code(c *coder)  // visits each in order
}

// pack encodes a message. It cannot fail: it writes to memory.
func pack(m message) []byte {
	var buf bytes.Buffer
	c := &coder{enc: msgpack.NewEncoder(&buf)}
	n := m.fields()
	c.keep(c.enc.EncodeUint(n))
	m.code(c)
	if c.err != nil {
		panic(fmt.Sprintf("cluster: encode %T: %v", m, c.err))
	}
	return buf.Bytes()
}

// unpack decodes a message.
func unpack(b []byte, into message) error {
	src := bytes.NewReader(b)
	c := &coder{src: src, dec: msgpack.NewDecoder(src)}
	c.left = 1
	c.uint(&c.left)
	into.code(c)
	if c.err != nil {
		return fmt.Errorf("cluster: decode %T: %w", into, c.err)
	}
	return nil
}

func (c *coder) keep(err error) {
	if c.err == nil {
		c.err = err
	}
}

// value writes or reads one field.
func value[T any](c *coder, v *T, write func(T) error, read func() (T, error)) {
	switch {
	case c.err != nil:
	case c.enc != nil:
		c.keep(write(*v))
	case c.left > 0:
		c.left--
		got, err := read()
		if err == nil {
			*v = got
		}
		c.keep(err)
	}
}

func (c *coder) uint(v *uint64) {
	value(c, v, func(v uint64) error { return c.enc.EncodeUint(v) }, func() (uint64, error) { return c.dec.DecodeUint64() })
}

func (c *coder) int(v *int64) {
	value(c, v, func(v int64) error { return c.enc.EncodeInt(v) }, func() (int64, error) { return c.dec.DecodeInt64() })
}

func (c *coder) bool(v *bool) {
	value(c, v, func(v bool) error { return c.enc.EncodeBool(v) }, func() (bool, error) { return c.dec.DecodeBool() })
}

func (c *coder) bytes(v *[]byte) {
	value(c, v, func(v []byte) error { return c.enc.EncodeBytes(v) }, c.readBytes)
}

func (c *coder) text(v *string) {
	value(c, v, func(v string) error { return c.enc.EncodeString(v) }, func() (string, error) {
		b, err := c.readBytes()
		return string(b), err
	})
}

func (c *coder) readBytes() ([]byte, error) {
	n, err := c.dec.DecodeBytesLen()
	if err != nil || n <= 0 {
		return nil, err
	}
	if n > c.src.Len() {
		return nil, errors.New("a length beyond the end")
	}
	b := make([]byte, n)
	_, err = io.ReadFull(c.src, b)
	return b, err
}

// each writes or reads a list, whose items have a fixed form.
func each[T any](c *coder, list *[]T, item func(*coder, *T)) {
	n := len(*list)
	value(c, &n, func(n int) error { return c.enc.EncodeArrayLen(n) }, func() (int, error) { return c.dec.DecodeArrayLen() })
	if c.enc == nil {
		if n < 0 || c.err != nil {
			n = 0
		}
		if n > c.src.Len() { // an item takes a byte at least
			c.keep(errors.New("a list beyond the end"))
			return
		}
		if n == 0 {
			return
		}
		*list = make([]T, n)
	}
	outer := c.left
	for i := range *list {
		c.left = ^uint64(0) // within a list nothing may be missing
		item(c, &(*list)[i])
	}
	c.left = outer
}
