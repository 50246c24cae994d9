package talk

import "encoding/binary"

// Protocol buffers, as far as a benchmark needs them: numbers and bytes, written and found by their field.

// AppendNumber appends a field that is a number.
func AppendNumber(b []byte, field int, n uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(field)<<3), n)
}

// AppendBytes appends a field that is a text, bytes or a message.
func AppendBytes[T ~string | ~[]byte](b []byte, field int, v T) []byte {
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(field)<<3|2), uint64(len(v)))
	return append(b, v...)
}

// Field finds the first field of a number in a message: its number, or its bytes. ok is false where there is none, or no message.
func Field(message []byte, field int) (n uint64, text []byte, ok bool) {
	for len(message) > 0 {
		key, used := binary.Uvarint(message)
		if used <= 0 {
			return 0, nil, false
		}
		message = message[used:]
		switch key & 7 {
		case 0:
			if n, used = binary.Uvarint(message); used <= 0 {
				return 0, nil, false
			}
			text = nil
		case 2:
			length, size := binary.Uvarint(message)
			if size <= 0 || length > uint64(len(message)-size) {
				return 0, nil, false
			}
			text, used = message[size:size+int(length)], size+int(length)
		case 1:
			used = 8
		case 5:
			used = 4
		default:
			return 0, nil, false
		}
		if used > len(message) {
			return 0, nil, false
		}
		if int(key>>3) == field {
			return n, text, true
		}
		message = message[used:]
	}
	return 0, nil, false
}
