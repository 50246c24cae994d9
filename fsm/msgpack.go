package fsm

import (
	"encoding/binary"
	"errors"
	"math"
)

// The log, snapshots and hashes are msgpack (msgpack.org), of which they need five forms:
// integers, booleans, texts, bytes and arrays. They are written and read by hand, because this is where a node spends most
// of its time on a change, and a general library allocates for each record. A test compares every form with the library
// vmihailenco/msgpack, which wrote the first logs: what is written must be the same byte for byte, and what is read the
// same or an error in both.

// The codes of the forms that have no value in them.
const (
	codeNil   = 0xc0
	codeFalse = 0xc2
	codeTrue  = 0xc3

	codeBin8, codeBin16, codeBin32         = 0xc4, 0xc5, 0xc6
	codeUint8, codeUint16                  = 0xcc, 0xcd
	codeUint32, codeUint64                 = 0xce, 0xcf
	codeInt8, codeInt16                    = 0xd0, 0xd1
	codeInt32, codeInt64                   = 0xd2, 0xd3
	codeStr8, codeStr16, codeStr32         = 0xd9, 0xda, 0xdb
	codeArray16, codeArray32               = 0xdc, 0xdd
	fixedArray, fixedString, fixedNegative = 0x90, 0xa0, 0xe0
)

// appendArray writes the header of an array.
func appendArray(b []byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, fixedArray|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, codeArray16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(b, codeArray32), uint32(n))
}

// appendUint writes an integer in its shortest form.
func appendUint(b []byte, v uint64) []byte {
	switch {
	case v <= math.MaxInt8:
		return append(b, byte(v))
	case v <= math.MaxUint8:
		return append(b, codeUint8, byte(v))
	case v <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(b, codeUint16), uint16(v))
	case v <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(b, codeUint32), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(b, codeUint64), v)
}

// appendInt writes an integer in its shortest form: one that is not negative as appendUint does.
func appendInt(b []byte, v int64) []byte {
	switch {
	case v >= 0:
		return appendUint(b, uint64(v))
	case v >= -32:
		return append(b, byte(v))
	case v >= math.MinInt8:
		return append(b, codeInt8, byte(v))
	case v >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(b, codeInt16), uint16(v))
	case v >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(b, codeInt32), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(b, codeInt64), uint64(v))
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, codeTrue)
	}
	return append(b, codeFalse)
}

func appendText(b []byte, v string) []byte {
	switch n := len(v); {
	case n < 32:
		b = append(b, fixedString|byte(n))
	case n <= math.MaxUint8:
		b = append(b, codeStr8, byte(n))
	case n <= math.MaxUint16:
		b = binary.BigEndian.AppendUint16(append(b, codeStr16), uint16(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, codeStr32), uint32(n))
	}
	return append(b, v...)
}

func appendBytes(b, v []byte) []byte {
	switch n := len(v); {
	case n <= math.MaxUint8:
		b = append(b, codeBin8, byte(n))
	case n <= math.MaxUint16:
		b = binary.BigEndian.AppendUint16(append(b, codeBin16), uint16(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, codeBin32), uint32(n))
	}
	return append(b, v...)
}

var (
	errShort = errors.New("the input ends too early")
	errForm  = errors.New("a form of msgpack that does not belong here")
)

// takeCode reads the byte that says what follows.
func takeCode(b []byte) (code byte, rest []byte, err error) {
	if len(b) == 0 {
		return 0, nil, errShort
	}
	return b[0], b[1:], nil
}

// takeNumber reads a number of 1, 2, 4 or 8 bytes.
func takeNumber(b []byte, size int) (v uint64, rest []byte, err error) {
	if len(b) < size {
		return 0, nil, errShort
	}
	switch size {
	case 1:
		v = uint64(b[0])
	case 2:
		v = uint64(binary.BigEndian.Uint16(b))
	case 4:
		v = uint64(binary.BigEndian.Uint32(b))
	default:
		v = binary.BigEndian.Uint64(b)
	}
	return v, b[size:], nil
}

// takeInteger reads an integer of any length, signed or not, as 64 bits in two's complement. Nil counts as 0, as it always
// has.
func takeInteger(b []byte) (v uint64, rest []byte, err error) {
	code, b, err := takeCode(b)
	if err != nil {
		return 0, nil, err
	}
	switch {
	case code == codeNil:
		return 0, b, nil
	case code < 0x80 || code >= fixedNegative:
		return uint64(int8(code)), b, nil
	case code >= codeUint8 && code <= codeUint64:
		return takeNumber(b, 1<<(code-codeUint8))
	case code >= codeInt8 && code <= codeInt64:
		size := 1 << (code - codeInt8)
		v, rest, err = takeNumber(b, size)
		unused := 64 - 8*size
		return uint64(int64(v<<unused) >> unused), rest, err
	}
	return 0, nil, errForm
}

// takeBool reads a boolean. Nil counts as false.
func takeBool(b []byte) (v bool, rest []byte, err error) {
	code, b, err := takeCode(b)
	switch {
	case err != nil:
		return false, nil, err
	case code == codeNil, code == codeFalse:
		return false, b, nil
	case code == codeTrue:
		return true, b, nil
	}
	return false, nil, errForm
}

// takeArray reads the header of an array. Nil is no array here: it has the length -1.
func takeArray(b []byte) (n int, rest []byte, err error) {
	code, b, err := takeCode(b)
	switch {
	case err != nil:
		return 0, nil, err
	case code == codeNil:
		return -1, b, nil
	case code&0xf0 == fixedArray:
		return int(code & 0x0f), b, nil
	case code == codeArray16, code == codeArray32:
		v, rest, err := takeNumber(b, 2<<(code-codeArray16))
		return int(v), rest, err
	}
	return 0, nil, errForm
}

// takeLength reads the header of a text or of bytes. Nil is neither: it has the length -1.
func takeLength(b []byte) (n int, rest []byte, err error) {
	code, b, err := takeCode(b)
	size := 0
	switch {
	case err != nil:
		return 0, nil, err
	case code == codeNil:
		return -1, b, nil
	case code&0xe0 == fixedString:
		return int(code & 0x1f), b, nil
	case code >= codeStr8 && code <= codeStr32:
		size = 1 << (code - codeStr8)
	case code >= codeBin8 && code <= codeBin32:
		size = 1 << (code - codeBin8)
	default:
		return 0, nil, errForm
	}
	v, rest, err := takeNumber(b, size)
	return int(v), rest, err
}
