package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// coder writes or reads the body of a call. A message lists its fields once, for both directions: msgpack values one after
// another, led by how many there are. A later build may add fields at the end of a message: an older one passes over
// them, and finds those that an older one did not send to be zero.
//
// It is written by hand because it is on the way of every change that is forwarded and of every round of reads: the library
// allocates an encoder or a decoder for each message. Lengths are checked against what is there before anything is allocated, and
// nothing recurses: a damaged body costs an error.
type coder struct {
	out     []byte // what was written
	in      []byte // what is still to be read
	reading bool
	left    uint64 // fields still to be read
	err     error
}

// message is a body that knows its fields.
type message interface {
	fields() uint64 // how many
	code(c *coder)  // visits each in order
}

// pack encodes a message. It cannot fail.
func pack(m message) []byte { return packInto(nil, m) }

// packInto is pack behind dst, which has room for it at best.
func packInto(dst []byte, m message) []byte {
	c := coder{out: dst}
	n := m.fields()
	c.uint(&n)
	m.code(&c)
	return c.out
}

// unpack decodes a message. What it holds of bytes shares memory with b.
func unpack(b []byte, into message) error {
	c := coder{in: b, reading: true, left: 1}
	c.uint(&c.left)
	into.code(&c)
	if c.err != nil {
		return fmt.Errorf("cluster: decode %T: %w", into, c.err)
	}
	return nil
}

var errShort = errors.New("a value beyond the end")

func (c *coder) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.in = nil
}

// next reports whether there is a field to be read.
func (c *coder) next() bool {
	if c.err != nil || c.left == 0 {
		return false
	}
	c.left--
	return true
}

// take reads n bytes.
func (c *coder) take(n int) []byte {
	if n < 0 || n > len(c.in) {
		c.fail(errShort)
		return nil
	}
	b := c.in[:n:n]
	c.in = c.in[n:]
	return b
}

// head reads the first byte of a value.
func (c *coder) head() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return formNil
}

// number reads a big-endian number of 1, 2, 4 or 8 bytes.
func (c *coder) number(size int) uint64 {
	b := c.take(size)
	if b == nil {
		return 0
	}
	var v uint64
	for _, x := range b {
		v = v<<8 | uint64(x)
	}
	return v
}

// The forms of msgpack that are written, and those that are read beside them.
const (
	formNil   = 0xc0
	formFalse = 0xc2
	formTrue  = 0xc3
	formBin8  = 0xc4 // bin16, bin32
	formUint8 = 0xcc // uint16, uint32, uint64
	formInt8  = 0xd0 // int16, int32, int64
	formStr8  = 0xd9 // str16, str32
	formArr16 = 0xdc // arr32
	fixArr    = 0x90
	fixStr    = 0xa0
	fixNeg    = 0xe0
)

func (c *coder) uint(v *uint64) {
	if c.reading {
		if c.next() {
			*v = uint64(c.integer())
		}
		return
	}
	c.writeUint(*v)
}

func (c *coder) writeUint(v uint64) {
	switch {
	case v < 0x80:
		c.out = append(c.out, byte(v))
	case v <= math.MaxUint8:
		c.out = append(c.out, formUint8, byte(v))
	case v <= math.MaxUint16:
		c.out = binary.BigEndian.AppendUint16(append(c.out, formUint8+1), uint16(v))
	case v <= math.MaxUint32:
		c.out = binary.BigEndian.AppendUint32(append(c.out, formUint8+2), uint32(v))
	default:
		c.out = binary.BigEndian.AppendUint64(append(c.out, formUint8+3), v)
	}
}

func (c *coder) int(v *int64) {
	if c.reading {
		if c.next() {
			*v = c.integer()
		}
		return
	}
	if *v >= 0 {
		c.writeUint(uint64(*v))
		return
	}
	c.out = binary.BigEndian.AppendUint64(append(c.out, formInt8+3), uint64(*v))
}

// integer reads a number of any form; a large unsigned one keeps its bits.
func (c *coder) integer() int64 {
	switch form := c.head(); {
	case form < 0x80:
		return int64(form)
	case form >= fixNeg:
		return int64(int8(form))
	case form >= formUint8 && form <= formUint8+3:
		return int64(c.number(1 << (form - formUint8)))
	case form >= formInt8 && form <= formInt8+3:
		size := 1 << (form - formInt8)
		shift := 64 - 8*size
		return int64(c.number(size)<<shift) >> shift
	default:
		c.fail(fmt.Errorf("form %#x is no number", form))
		return 0
	}
}

func (c *coder) bool(v *bool) {
	if !c.reading {
		form := byte(formFalse)
		if *v {
			form = formTrue
		}
		c.out = append(c.out, form)
		return
	}
	if !c.next() {
		return
	}
	switch form := c.head(); form {
	case formFalse, formTrue:
		*v = form == formTrue
	default:
		c.fail(fmt.Errorf("form %#x is no truth", form))
	}
}

func (c *coder) bytes(v *[]byte) {
	if c.reading {
		if c.next() {
			*v = c.readBytes()
		}
		return
	}
	switch n := len(*v); {
	case *v == nil:
		c.out = append(c.out, formNil)
		return
	default:
		c.length(formBin8, n)
	}
	c.out = append(c.out, *v...)
}

func (c *coder) text(v *string) {
	if c.reading {
		if c.next() {
			*v = string(c.readBytes())
		}
		return
	}
	if n := len(*v); n < 32 {
		c.out = append(c.out, fixStr|byte(n))
	} else {
		c.length(formStr8, n)
	}
	c.out = append(c.out, *v...)
}

// length writes the form and length of bytes or a text; first is the form with a length of one byte.
func (c *coder) length(first byte, n int) {
	switch {
	case n <= math.MaxUint8:
		c.out = append(c.out, first, byte(n))
	case n <= math.MaxUint16:
		c.out = binary.BigEndian.AppendUint16(append(c.out, first+1), uint16(n))
	default:
		c.out = binary.BigEndian.AppendUint32(append(c.out, first+2), uint32(n))
	}
}

// readBytes reads bytes or a text; nil where there are none.
func (c *coder) readBytes() []byte {
	var n uint64
	switch form := c.head(); {
	case form == formNil:
		return nil
	case form&0xe0 == fixStr:
		n = uint64(form & 0x1f)
	case form >= formBin8 && form <= formBin8+2:
		n = c.number(1 << (form - formBin8))
	case form >= formStr8 && form <= formStr8+2:
		n = c.number(1 << (form - formStr8))
	default:
		c.fail(fmt.Errorf("form %#x is neither bytes nor a text", form))
	}
	if n == 0 {
		return nil
	}
	return c.take(int(n))
}

// list writes or reads how many items a list has.
func (c *coder) list(n int) int {
	if !c.reading {
		switch {
		case n < 16:
			c.out = append(c.out, fixArr|byte(n))
		case n <= math.MaxUint16:
			c.out = binary.BigEndian.AppendUint16(append(c.out, formArr16), uint16(n))
		default:
			c.out = binary.BigEndian.AppendUint32(append(c.out, formArr16+1), uint32(n))
		}
		return n
	}
	if !c.next() {
		return 0
	}
	var items uint64
	switch form := c.head(); {
	case form == formNil:
	case form&0xf0 == fixArr:
		items = uint64(form & 0x0f)
	case form == formArr16 || form == formArr16+1:
		items = c.number(2 << (form - formArr16))
	default:
		c.fail(fmt.Errorf("form %#x is no list", form))
	}
	if items > uint64(len(c.in)) { // an item takes a byte at least
		c.fail(errShort)
		return 0
	}
	return int(items)
}

// each writes or reads a list, whose items have a fixed form.
func each[T any](c *coder, list *[]T, item func(*coder, *T)) {
	n := c.list(len(*list))
	if c.reading {
		if n == 0 || c.err != nil {
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
