package fsm

import (
	"encoding/binary"
	"math"
	"strings"
	"time"

	"github.com/sessnode/sessnode/internal/slab"
)

// What is stored in slabs is written shorter than the log: integers as varints, and times as their distance from each other. A
// cursor reads it; the first fault sticks, and every later call returns a zero value.
type cursor struct {
	rest []byte
	bad  bool
}

func (c *cursor) uint() uint64 {
	v, n := binary.Uvarint(c.rest)
	if n <= 0 {
		c.bad, c.rest = true, nil
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

func (c *cursor) int() int64 {
	v, n := binary.Varint(c.rest)
	if n <= 0 {
		c.bad, c.rest = true, nil
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

// small reads an integer that must not be above a limit.
func (c *cursor) small(most uint64) uint64 {
	v := c.uint()
	if v > most {
		c.bad = true
		return 0
	}
	return v
}

func (c *cursor) bytes(n uint64) []byte {
	if n > uint64(len(c.rest)) {
		c.bad, c.rest = true, nil
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) byte() byte {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// time reads 8 bytes: a moment by itself.
func (c *cursor) time() int64 {
	if b := c.bytes(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// text shares the memory of what is read.
func (c *cursor) text() string { return slab.Text(c.bytes(c.small(math.MaxInt32))) }

// copied is a text of its own.
func (c *cursor) copied() string { return strings.Clone(c.text()) }

func (c *cursor) span() time.Duration { return time.Duration(c.int()) }

func putText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func putTime(b []byte, ns int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(ns)) }
