package httpapi

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/sessnode/sessnode"
)

// writer writes a body from front to back in either format. A msgpack object or list gets a header of five bytes whose
// count is filled in when it ends; the format allows counts that are longer than need be.
type writer struct {
	format format
	buf    []byte
	open   []opened
	dates  dates
}

// opened is an object or list that has not ended.
type opened struct {
	at     int // of the count in buf
	count  uint32
	isList bool
}

func newWriter(f format) *writer { return &writer{format: f, buf: make([]byte, 0, 1024)} }

func (w *writer) begin(json byte, msgpack byte, isList bool) {
	w.item()
	if w.format == formatMsgpack {
		w.buf = append(w.buf, msgpack, 0, 0, 0, 0)
	} else {
		w.buf = append(w.buf, json)
	}
	w.open = append(w.open, opened{at: len(w.buf) - 4, isList: isList})
}

func (w *writer) beginObject() { w.begin('{', 0xdf, false) }
func (w *writer) beginList()   { w.begin('[', 0xdd, true) }

// end closes the innermost object or list.
func (w *writer) end() {
	last := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	switch {
	case w.format == formatMsgpack:
		binary.BigEndian.PutUint32(w.buf[last.at:], last.count)
	case last.isList:
		w.buf = append(w.buf, ']')
	default:
		w.buf = append(w.buf, '}')
	}
}

// next counts a member or item, and sets it apart from the one before.
func (w *writer) next() {
	top := &w.open[len(w.open)-1]
	if top.count > 0 && w.format == formatJSON {
		w.buf = append(w.buf, ',')
	}
	top.count++
}

// item begins a value, which counts where it stands in a list.
func (w *writer) item() {
	if n := len(w.open); n > 0 && w.open[n-1].isList {
		w.next()
	}
}

// name begins a member of an object.
func (w *writer) name(name string) {
	w.next()
	w.appendText(name)
	if w.format == formatJSON {
		w.buf = append(w.buf, ':')
	}
}

// known begins a member whose name is one of ours, and has nothing to escape.
func (w *writer) known(name string) {
	w.next()
	if w.format == formatMsgpack {
		w.buf = appendMsgpackText(w.buf, name)
		return
	}
	w.buf = append(append(append(w.buf, '"'), name...), '"', ':')
}

// id writes a session's public name.
func (w *writer) id(id sessnode.ID) {
	w.item()
	var text [22]byte
	w.buf = appendPlain(w.format, w.buf, base64.RawURLEncoding.AppendEncode(text[:0], id[:]))
}

// raw writes a value that is in the writer's format already.
func (w *writer) raw(value []byte) {
	w.item()
	w.buf = append(w.buf, value...)
}

func (w *writer) text(s string) {
	w.item()
	w.appendText(s)
}

func (w *writer) appendText(s string) {
	if w.format == formatMsgpack {
		w.buf = appendMsgpackText(w.buf, s)
	} else {
		w.buf = appendJSONText(w.buf, s)
	}
}

func (w *writer) uint(n uint64) {
	w.item()
	if w.format == formatMsgpack {
		w.buf = binary.BigEndian.AppendUint64(append(w.buf, 0xcf), n)
	} else {
		w.buf = strconv.AppendUint(w.buf, n, 10)
	}
}

func (w *writer) bool(b bool) {
	w.item()
	switch {
	case w.format == formatJSON:
		w.buf = strconv.AppendBool(w.buf, b)
	case b:
		w.buf = append(w.buf, 0xc3)
	default:
		w.buf = append(w.buf, 0xc2)
	}
}

// bytes writes base64 in JSON and bin in msgpack.
func (w *writer) bytes(b []byte) {
	if w.format == formatJSON {
		w.text(base64.StdEncoding.EncodeToString(b))
		return
	}
	w.item()
	w.buf = append(binary.BigEndian.AppendUint32(append(w.buf, 0xc6), uint32(len(b))), b...)
}

func (w *writer) time(t time.Time) {
	w.item()
	if w.format == formatMsgpack {
		var text [len(time.RFC3339Nano)]byte
		w.buf = appendMsgpackText(w.buf, w.dates.append(text[:0], t))
		return
	}
	w.buf = append(w.dates.append(append(w.buf, '"'), t), '"')
}

func (w *writer) duration(d time.Duration) { w.text(seconds(d) + "s") }

// instant writes RFC 3339 with up to nine decimals, UTC.
func instant(t time.Time) string { return string(appendInstant(nil, t)) }

func appendInstant(b []byte, t time.Time) []byte { return t.UTC().AppendFormat(b, time.RFC3339Nano) }

// seconds writes a duration exactly, as a decimal number of seconds.
func seconds(d time.Duration) string {
	whole, rest := d/time.Second, d%time.Second
	if rest == 0 {
		return strconv.FormatInt(int64(whole), 10)
	}
	sign := ""
	if d < 0 {
		sign, whole, rest = "-", -whole, -rest
	}
	digits := strconv.FormatInt(int64(time.Second+rest), 10)[1:]
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return sign + strconv.FormatInt(int64(whole), 10) + "." + digits
}

// appendPlain writes text that has nothing to escape.
func appendPlain[T string | []byte](f format, b []byte, s T) []byte {
	if f == formatMsgpack {
		return appendMsgpackText(b, s)
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendMsgpackText[T string | []byte](b []byte, s T) []byte {
	switch n := len(s); {
	case n < 32:
		b = append(b, 0xa0|byte(n))
	case n < 1<<8:
		b = append(b, 0xd9, byte(n))
	default:
		b = binary.BigEndian.AppendUint32(append(b, 0xdb), uint32(n))
	}
	return append(b, s...)
}

// appendJSONText escapes what JSON demands and nothing else. Bytes that are no UTF-8 become U+FFFD: they cannot come from
// a request, but an answer must be readable whatever is stored.
func appendJSONText(b []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		run := i
		for run < len(s) && s[run] >= 0x20 && s[run] < utf8.RuneSelf && s[run] != '"' && s[run] != '\\' {
			run++
		}
		if b = append(b, s[i:run]...); run == len(s) {
			break
		}
		i = run
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		i++
	}
	return append(b, '"')
}
