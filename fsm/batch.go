package fsm

import (
	"fmt"
	"sync"

	"github.com/sessnode/sessnode"
)

// Format is the version of the log's entries. A Machine refuses any other: the node must stop, never skip.
const Format = 2

// MaxBatchOps is the most operations that an entry may hold.
const MaxBatchOps = 1024

// Header opens a batch.
type Header struct {
	Generation uint64
	Stamp      int64 // the leader's cluster time, ns since the epoch
	Check      Checkpoint
}

// Checkpoint is the state hash that the leader had after applying Index. A zero Index means none.
type Checkpoint struct {
	Index uint64
	Hash  Hash
}

// EncodeBatch builds a log entry out of operations that EncodeOp wrote. It has no limit of its own: the caller keeps an entry below
// 512 KiB.
func EncodeBatch(h Header, ops [][]byte) []byte {
	size := 0
	for _, op := range ops {
		size += len(op)
	}
	w := newWriter(size)
	w.array(5)
	w.uint(Format)
	w.uint(h.Generation)
	w.int(h.Stamp)
	w.array(2)
	w.uint(h.Check.Index)
	w.raw(h.Check.Hash[:])
	w.array(len(ops))
	for _, op := range ops {
		w.buf = append(w.buf, op...)
	}
	return w.buf
}

// DecodeBatch reads a log entry. Its error means that this build must not go on.
func DecodeBatch(b []byte) (Header, []Op, error) { return decodeBatch(b, false) }

// decodeBatch reads a log entry. Lazy operations share its memory, texts and all, and keep the attributes that they set as they are.
func decodeBatch(b []byte, lazy bool) (Header, []Op, error) {
	r := newReader(b)
	r.shared, r.lazy = lazy, lazy
	r.array(5, 5)
	if format := r.uint(); r.err == nil && format != Format {
		return Header{}, nil, fmt.Errorf("log entry of format %d, this build knows %d: %s", format, Format, remedy(format, Format))
	}
	h := Header{Generation: r.uint(), Stamp: r.int()}
	r.array(2, 2)
	h.Check.Index = r.uint()
	r.fixed(h.Check.Hash[:])
	ops := make([]Op, r.array(0, MaxBatchOps))
	for i := range ops {
		ops[i] = r.op()
	}
	if err := r.end(); err != nil {
		return Header{}, nil, fmt.Errorf("log entry: %w", err)
	}
	return h, ops, nil
}

// remedy says what to do about data of another format.
func remedy(found, known uint64) string {
	if found < known {
		return "an older build wrote it, go on with that one"
	}
	return "install a newer build"
}

// Op is a mutation in the log.
type Op struct {
	sessnode.Mutation
	NotAfter int64 // cluster time, ns, after which it must not be made any more; 0 = none

	logged []byte // the change as it was read; shares the memory of the entry
	values []byte // of a lazy operation: the attributes that the change sets, in the log's form
}

// digest is of app and change: what a retry under the same operation id must equal. It is compared only under the opKey of the same
// app, token and operation id, whose holder gets the effect by sending the change itself again: a crafted collision gains nothing.
func (op *Op) digest() Hash {
	w := hashing(kindWindow)
	w.buf = append(append(append(w.buf, op.App...), 0), op.logged...)
	h := w.sum()
	h[0] = op.logged[0] // the verb, for itself: what may be read with one change is not told for another
	return h
}

// encoders are writers that wait for an operation. They hold no state, only memory.
var encoders = sync.Pool{New: func() any { return new(writer) }}

// EncodeOp writes one operation canonically. Errors wrap sessnode.ErrInvalid or sessnode.ErrTooLarge: what it returns without an
// error can be read by DecodeBatch.
func EncodeOp(op Op) ([]byte, error) {
	return AppendOp(make([]byte, 0, 256+sizeOf(op.Change)), &op)
}

// AppendOp is EncodeOp behind dst, which grows where it is too small. It keeps nothing of op.
func AppendOp(dst []byte, op *Op) ([]byte, error) {
	w := encoders.Get().(*writer)
	w.buf, w.err = dst, nil
	w.op(op)
	b, err := w.buf, w.err
	w.buf, w.err = nil, nil
	encoders.Put(w)
	if n := len(b) - len(dst); n > maxLogged {
		return nil, sessnode.Errorf(sessnode.CodeTooLarge, "", "the change takes %d bytes in the log, at most %d are allowed", n, maxLogged)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// op writes what the reader's op reads. An entry that cannot be read stops every node for good, so what the reader's limits refuse is
// noted here: whoever adds a field gives it the same limit on both sides, and a test compares them.
func (w *writer) op(op *Op) {
	w.array(9)
	w.short(op.App, sessnode.MaxAppLength)
	w.raw(optional(op.OpID.IsZero(), op.OpID[:]))
	w.short(op.Actor, maxText)
	w.short(op.Node, maxText)
	w.bool(op.Strict)
	w.int(op.NotAfter)
	// The id that the node minted stays outside of the change: a retry at another node brings another one.
	id := sessnode.ID{}
	if c, isCreate := op.Change.(sessnode.Create); isCreate {
		id = c.ID
	}
	w.raw(optional(id.IsZero(), id[:]))
	if err := w.change(op.Change); err != nil {
		w.err = err
	}
}

// sizeOf is about what a change's values take.
func sizeOf(c sessnode.Change) (bytes int) {
	var values map[string]sessnode.Value
	switch c := c.(type) {
	case sessnode.Create:
		values = c.Attrs
	case sessnode.Patch:
		values = c.Edit.Set
	case sessnode.Replace:
		values = c.Attrs
	case sessnode.Rotate:
		values = c.Edit.Set
	case sessnode.Touch:
		return 64 * len(c.Touches)
	}
	for name, v := range values {
		bytes += len(name) + len(v.Data) + 12
	}
	return bytes
}

func optional(absent bool, b []byte) []byte {
	if absent {
		return nil
	}
	return b
}

// DecodeOp reads one operation. It shares the memory of b. Its error wraps sessnode.ErrInvalid.
func DecodeOp(b []byte) (Op, error) { return decodeOp(b, false) }

// PeekOp reads and refuses what DecodeOp does, for who looks at an operation and keeps nothing of it: also its texts share the memory of
// b, and attributes that it creates, replaces or sets are checked but left out.
func PeekOp(b []byte) (Op, error) { return decodeOp(b, true) }

func decodeOp(b []byte, lazy bool) (Op, error) {
	r := newReader(b)
	r.shared, r.lazy = true, lazy
	op := r.op()
	if err := r.end(); err != nil {
		return Op{}, sessnode.Errorf(sessnode.CodeInvalid, "", "operation: %v", err)
	}
	return op, nil
}

func (r *reader) op() Op {
	r.array(9, 9)
	var op Op
	op.App = r.text(sessnode.MaxAppLength)
	if b := r.view(len(op.OpID)); len(b) > 0 {
		r.exact(b, op.OpID[:])
	}
	op.Actor = r.text(maxText)
	op.Node = r.text(maxText)
	op.Strict = r.bool()
	op.NotAfter = r.int()
	var id sessnode.ID
	if b := r.view(len(id)); len(b) > 0 {
		r.exact(b, id[:])
	}
	logged := r.rest
	r.set = nil
	op.Change = r.change(id)
	op.values = r.set
	if r.err == nil {
		op.logged = logged[:len(logged)-len(r.rest)]
	}
	return op
}

func (r *reader) exact(b, into []byte) {
	if len(b) != len(into) {
		r.fail("%d bytes where %d belong", len(b), len(into))
	}
	copy(into, b)
}
