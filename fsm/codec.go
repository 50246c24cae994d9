package fsm

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/slab"
)

// writer builds canonical msgpack: arrays in a fixed order, integers in their shortest form, map entries sorted by name. Equal
// values have equal bytes, which is what the state hash and the exactly-once digest rest on.
type writer struct {
	buf    []byte
	sorted []named // room for sorting
	err    error   // the first limit of the reader that was passed
}

// named is an attribute on its way into the log.
type named struct {
	name  string
	value sessnode.Value
}

// newWriter starts with room for what most records take without their attributes, and for more.
func newWriter(more int) *writer { return &writer{buf: make([]byte, 0, 256+more)} }

func (w *writer) array(n int)          { w.buf = appendArray(w.buf, n) }
func (w *writer) uint(v uint64)        { w.buf = appendUint(w.buf, v) }
func (w *writer) int(v int64)          { w.buf = appendInt(w.buf, v) }
func (w *writer) bool(v bool)          { w.buf = appendBool(w.buf, v) }
func (w *writer) text(v string)        { w.buf = appendText(w.buf, v) }
func (w *writer) raw(v []byte)         { w.buf = appendBytes(w.buf, v) }
func (w *writer) span(d time.Duration) { w.int(int64(d)) }

// time writes nanoseconds since the epoch, as near as they can say it; the zero time is 0.
func (w *writer) time(t time.Time) { w.int(nanos(t)) }

// within notes that a reader would refuse more than most of something.
func (w *writer) within(n, most int) {
	if n > most && w.err == nil {
		w.err = sessnode.Errorf(sessnode.CodeInvalid, "", "operation: %d where at most %d belong", n, most)
	}
}

// short writes a text that the reader takes up to a length.
func (w *writer) short(v string, most int) {
	w.within(len(v), most)
	w.text(v)
}

// list begins an array of which the reader takes up to so many items, each of so many elements.
func (w *writer) list(n, most, elements int) {
	w.within(n, most)
	w.array(n * elements)
}

func (w *writer) value(v sessnode.Value) {
	w.within(int(v.Codec), int(sessnode.Bytes))
	w.within(len(v.Data), maxOpBytes)
	w.uint(uint64(v.Codec))
	w.raw(v.Data)
}

func (w *writer) values(m map[string]sessnode.Value) {
	w.list(len(m), maxNames, 3)
	w.sorted = w.sorted[:0]
	for name, v := range m {
		w.sorted = append(w.sorted, named{name, v})
	}
	slices.SortFunc(w.sorted, func(a, b named) int { return strings.Compare(a.name, b.name) })
	for i := range w.sorted {
		w.short(w.sorted[i].name, maxNameBytes)
		w.value(w.sorted[i].value)
	}
	clear(w.sorted) // they belong to a session
}

func (w *writer) device(d sessnode.Device) {
	w.short(d.IP, maxText)
	w.short(d.UserAgent, maxText)
	w.short(d.Label, maxText)
}

// nanos never turns a time into none, or a far future ("9999-12-31" says never in many frameworks) into the past.
func nanos(t time.Time) int64 {
	switch {
	case t.IsZero():
		return 0
	case t.After(time.Unix(0, math.MaxInt64)):
		return math.MaxInt64
	case t.Before(time.Unix(0, math.MinInt64)):
		return math.MinInt64
	case t.UnixNano() == 0:
		return 1
	}
	return t.UnixNano()
}

func moment(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// reader takes canonical msgpack apart. The first fault sticks, and every later call returns a zero value, so that decoders
// read like the encoders and check once. Lengths are compared with what is left before anything is allocated.
type reader struct {
	rest   []byte
	shared bool   // what is read shares the memory of the input: for readers that keep nothing
	lazy   bool   // texts share it too, and values are checked only
	set    []byte // the last values that were checked only
	err    error
}

func newReader(b []byte) *reader { return &reader{rest: b} }

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *reader) keep(err error) {
	if r.err == nil {
		r.err = err
	}
}

// array reads an array header, which must announce between least and most elements.
func (r *reader) array(least, most int) int {
	if r.err != nil {
		return 0
	}
	n, rest, err := takeArray(r.rest)
	r.rest = rest
	r.keep(err)
	if r.err == nil && (n < least || n > most) {
		r.fail("an array of %d elements where %d to %d belong", n, least, most)
	}
	if r.err != nil || n > len(r.rest) { // every element takes a byte at least
		r.fail("an array longer than its input")
		return 0
	}
	return n
}

func (r *reader) uint() uint64 {
	if r.err != nil {
		return 0
	}
	v, rest, err := takeInteger(r.rest)
	r.rest = rest
	r.keep(err)
	return v
}

func (r *reader) small(most uint64) uint64 {
	v := r.uint()
	if v > most {
		r.fail("%d where at most %d belongs", v, most)
		return 0
	}
	return v
}

func (r *reader) int() int64 { return int64(r.uint()) }

func (r *reader) bool() bool {
	if r.err != nil {
		return false
	}
	v, rest, err := takeBool(r.rest)
	r.rest = rest
	r.keep(err)
	return v
}

// view reads bytes or a text, at most so many. It shares the input's memory.
func (r *reader) view(most int) []byte {
	if r.err != nil {
		return nil
	}
	n, rest, err := takeLength(r.rest)
	r.rest = rest
	r.keep(err)
	if r.err == nil && (n < 0 || n > most || n > len(r.rest)) {
		r.fail("%d bytes where at most %d belong and %d are left", n, most, len(r.rest))
	}
	if r.err != nil {
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) bytes(most int) []byte {
	b := r.view(most)
	if r.shared || b == nil {
		return b
	}
	return append(make([]byte, 0, len(b)), b...)
}

func (r *reader) text(most int) string {
	b := r.view(most)
	if r.lazy {
		return slab.Text(b)
	}
	return string(b)
}

func (r *reader) span() time.Duration { return time.Duration(r.int()) }
func (r *reader) time() time.Time     { return moment(r.int()) }
func (r *reader) fixed(into []byte) {
	b := r.view(len(into))
	if r.err == nil && len(b) != len(into) {
		r.fail("%d bytes where %d belong", len(b), len(into))
	}
	copy(into, b)
}

func (r *reader) key() (k sessnode.Key) { r.fixed(k[:]); return k }
func (r *reader) id() (id sessnode.ID)  { r.fixed(id[:]); return id }

func (r *reader) value() sessnode.Value {
	codec := sessnode.Codec(r.small(uint64(sessnode.Bytes)))
	return sessnode.Value{Codec: codec, Data: r.bytes(maxOpBytes)}
}

// values reads name, codec, data triples; names must be in order and differ, as the writer leaves them.
func (r *reader) values() map[string]sessnode.Value {
	begin := r.rest
	n := r.array(0, maxNames*3)
	if n%3 != 0 {
		r.fail("values come in threes, not %d", n)
	}
	if r.err != nil || n == 0 && !r.lazy {
		return nil
	}
	var m map[string]sessnode.Value
	if !r.lazy {
		m = make(map[string]sessnode.Value, n/3)
	}
	last := ""
	for i := range n / 3 {
		name := r.text(maxNameBytes)
		if i > 0 && name <= last {
			r.fail("names out of order")
		}
		last = name
		v := r.value()
		if r.err != nil {
			return nil
		}
		if !r.lazy {
			m[name] = v
		}
	}
	if r.lazy {
		r.set = begin[:len(begin)-len(r.rest)]
	}
	return m
}

func (r *reader) device() sessnode.Device {
	return sessnode.Device{IP: r.text(maxText), UserAgent: r.text(maxText), Label: r.text(maxText)}
}

// end requires that nothing is left.
func (r *reader) end() error {
	if r.err == nil && len(r.rest) > 0 {
		r.fail("%d bytes too many", len(r.rest))
	}
	return r.err
}

// Sizes that no honest entry exceeds; they bound what a decoder allocates.
const (
	maxLogged    = 512<<10 - 256 // of one operation: with the batch's header around it an entry of 512 KiB
	maxOpBytes   = 600 << 10
	maxNames     = 4096
	maxNameBytes = 1024
	maxText      = 4096
)
