package httpapi

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/sessnode/sessnode"
)

// msgpackKind is what an item of msgpack is.
type msgpackKind uint8

const (
	msgpackNil msgpackKind = iota
	msgpackBool
	msgpackInt  // fits int64
	msgpackUint // above int64
	msgpackFloat
	msgpackText
	msgpackBin
	msgpackExt
	msgpackList
	msgpackMap
)

// msgpackItem is the beginning of an item: for a list or map without what it holds.
type msgpackItem struct {
	kind    msgpackKind
	payload []byte // of text, bin and ext
	count   int    // of items or pairs
	number  uint64 // an integer's two's complement, a float's bits, 1 for true
	size    int    // bytes up to the end of the payload
}

// readMsgpack reads the beginning of an item. Lengths and counts are compared with the bytes that are there before anything
// is made of them.
func readMsgpack(b []byte) (item msgpackItem, ok bool) {
	if len(b) == 0 {
		return item, false
	}
	switch c := b[0]; {
	case c <= 0x7f:
		return msgpackItem{kind: msgpackInt, number: uint64(c), size: 1}, true
	case c >= 0xe0:
		return msgpackItem{kind: msgpackInt, number: uint64(int64(int8(c))), size: 1}, true
	case c <= 0x8f:
		return msgpackMany(msgpackMap, b, 1, uint64(c&0x0f))
	case c <= 0x9f:
		return msgpackMany(msgpackList, b, 1, uint64(c&0x0f))
	case c <= 0xbf:
		return msgpackData(msgpackText, b, 1, uint64(c&0x1f))
	case c == 0xc0:
		return msgpackItem{kind: msgpackNil, size: 1}, true
	case c == 0xc2, c == 0xc3:
		return msgpackItem{kind: msgpackBool, number: uint64(c & 1), size: 1}, true
	}
	return readMsgpackLong(b)
}

// readMsgpackLong reads an item whose number, length or count has bytes of its own.
func readMsgpackLong(b []byte) (item msgpackItem, ok bool) {
	type form struct {
		kind  msgpackKind
		width int // bytes of the number, length or count
	}
	forms := [...]form{ // from 0xc4 on
		{msgpackBin, 1}, {msgpackBin, 2}, {msgpackBin, 4}, {msgpackExt, 1}, {msgpackExt, 2}, {msgpackExt, 4},
		{msgpackFloat, 4}, {msgpackFloat, 8}, {msgpackUint, 1}, {msgpackUint, 2}, {msgpackUint, 4}, {msgpackUint, 8},
		{msgpackInt, 1}, {msgpackInt, 2}, {msgpackInt, 4}, {msgpackInt, 8},
		{msgpackExt, 0}, {msgpackExt, 0}, {msgpackExt, 0}, {msgpackExt, 0}, {msgpackExt, 0},
		{msgpackText, 1}, {msgpackText, 2}, {msgpackText, 4}, {msgpackList, 2}, {msgpackList, 4}, {msgpackMap, 2}, {msgpackMap, 4},
	}
	if b[0] < 0xc4 { // 0xc1, which the format never uses
		return item, false
	}
	f := forms[b[0]-0xc4]
	head := 1 + f.width
	if len(b) < head {
		return item, false
	}
	var wide [8]byte
	copy(wide[8-f.width:], b[1:head])
	n := binary.BigEndian.Uint64(wide[:])
	switch f.kind {
	case msgpackList, msgpackMap:
		return msgpackMany(f.kind, b, head, n)
	case msgpackText, msgpackBin:
		return msgpackData(f.kind, b, head, n)
	case msgpackExt:
		if f.width == 0 {
			n = 1 << (b[0] - 0xd4)
		}
		return msgpackData(f.kind, b, head, n+1) // its type is one byte more
	case msgpackFloat:
		if f.width == 4 {
			n = math.Float64bits(float64(math.Float32frombits(uint32(n))))
		}
	case msgpackInt:
		shift := 64 - 8*f.width
		n = uint64(int64(n<<shift) >> shift)
	case msgpackUint:
		if n <= math.MaxInt64 {
			f.kind = msgpackInt
		}
	}
	return msgpackItem{kind: f.kind, number: n, size: head}, true
}

func msgpackData(kind msgpackKind, b []byte, head int, length uint64) (msgpackItem, bool) {
	if length > uint64(len(b)-head) {
		return msgpackItem{}, false
	}
	end := head + int(length)
	return msgpackItem{kind: kind, payload: b[head:end], size: end}, true
}

func msgpackMany(kind msgpackKind, b []byte, head int, count uint64) (msgpackItem, bool) {
	least := uint64(1) // bytes of an item
	if kind == msgpackMap {
		least = 2
	}
	if count > uint64(len(b)-head)/least {
		return msgpackItem{}, false
	}
	return msgpackItem{kind: kind, count: int(count), size: head}, true
}

// checkMsgpack reads one msgpack item to its end and refuses what two readers may understand differently: the same name
// twice in one map, text that is no UTF-8, lengths and counts beyond the bytes that are there, and anything after the
// end. It returns how deeply the item is nested.
func checkMsgpack(body []byte) (depth int, err error) {
	c := msgpackChecker{body: body}
	if err := c.value(0); err != nil {
		return 0, err
	}
	if c.at < len(body) {
		return 0, c.fault("there is more after the end of the msgpack item")
	}
	return c.deepest, nil
}

type msgpackChecker struct {
	body    []byte
	at      int
	deepest int
}

func (c *msgpackChecker) fault(what string) error {
	return sessnode.Errorf(sessnode.CodeInvalid, "", "body, byte %d: %s", c.at, what)
}

func (c *msgpackChecker) value(depth int) error {
	item, ok := readMsgpack(c.body[c.at:])
	if !ok {
		return c.fault("this is no msgpack item, or it is longer than the body")
	}
	if item.kind == msgpackText && !utf8.Valid(item.payload) {
		return c.fault("this text is not UTF-8: use bin for bytes")
	}
	c.at += item.size
	if item.kind != msgpackList && item.kind != msgpackMap {
		return nil
	}
	if depth++; depth > bodyDepth {
		return c.fault("nested too deeply")
	}
	c.deepest = max(c.deepest, depth)
	var names nameSet
	for range item.count {
		if item.kind == msgpackMap {
			begin := c.at
			if err := c.value(depth); err != nil {
				return err
			}
			if !names.add(msgpackName(c.body[begin:c.at])) {
				return c.fault("this map has the same name twice")
			}
		}
		if err := c.value(depth); err != nil {
			return err
		}
	}
	return nil
}

// msgpackName returns the same bytes for the same name, however long its header is. Inside of values names may be of any kind.
func msgpackName(b []byte) []byte {
	item, _ := readMsgpack(b)
	switch item.kind {
	case msgpackText, msgpackBin, msgpackExt:
		return append([]byte{byte(item.kind)}, item.payload...)
	case msgpackInt, msgpackUint:
		return strconv.AppendUint([]byte{byte(item.kind)}, item.number, 16)
	case msgpackFloat:
		return strconv.AppendUint([]byte{byte(item.kind)}, item.number, 16)
	}
	return append([]byte{byte(item.kind)}, bytes.Clone(b)...)
}
