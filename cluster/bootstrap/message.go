package bootstrap

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// Sizes are far above what five sound nodes need.
const (
	maxBody   = 4 << 10
	maxText   = 255
	maxFormat = 1
)

// ErrMessage means that a body is no message of this package, or of a release that this one does not understand.
var ErrMessage = errors.New("bootstrap: message cannot be understood")

// kind is what a request asks.
type kind uint64

const (
	askPledge kind = 1 // hold this proposal
	askHeld   kind = 2 // coordinator, do you still hold this proposal?
)

// request names its receiver, because an address may have changed hands.
type request struct {
	kind     kind
	to       string
	proposal Proposal
}

// verdict is what an answer says.
type verdict uint64

const (
	refused verdict = 1 // no, or not now; nothing was changed
	held    verdict = 2 // the proposal is held, durably
	dropped verdict = 3 // the coordinator does not hold it and never will again
)

// answer names its sender, for the same reason.
type answer struct {
	from    string
	verdict verdict
	reason  string
}

func (q request) encode() ([]byte, error) {
	return encode(func(e *encoder) {
		e.uint(uint64(q.kind))
		e.text(q.to)
		e.proposal(q.proposal)
	})
}

func decodeRequest(body []byte) (q request, err error) {
	err = decode(body, func(d *decoder) {
		q = request{kind: kind(d.uint()), to: d.text(), proposal: d.proposal()}
		if q.kind != askPledge && q.kind != askHeld {
			d.fail(fmt.Errorf("kind %d", q.kind))
		}
	})
	return q, err
}

func (a answer) encode() ([]byte, error) {
	return encode(func(e *encoder) {
		e.text(a.from)
		e.uint(uint64(a.verdict))
		e.text(a.reason[:min(len(a.reason), maxText)])
	})
}

func decodeAnswer(body []byte) (a answer, err error) {
	err = decode(body, func(d *decoder) {
		a = answer{from: d.text(), verdict: verdict(d.uint()), reason: d.text()}
		if a.verdict < refused || a.verdict > dropped {
			d.fail(fmt.Errorf("verdict %d", a.verdict))
		}
	})
	return a, err
}

// MarshalBinary writes the record for the disk.
func (r Record) MarshalBinary() ([]byte, error) {
	return encode(func(e *encoder) {
		e.proposal(r.Proposal)
		e.bool(r.Complete)
	})
}

// UnmarshalBinary reads what MarshalBinary wrote. It wraps ErrMessage.
func (r *Record) UnmarshalBinary(body []byte) error {
	var next Record
	err := decode(body, func(d *decoder) {
		next = Record{Proposal: d.proposal(), Complete: d.bool()}
		d.fail(next.Proposal.validate())
	})
	if err == nil {
		*r = next
	}
	return err
}

// encoder writes one body: the format, then fields one after another. It remembers the first error.
type encoder struct {
	enc *msgpack.Encoder
	err error
}

func encode(fields func(*encoder)) ([]byte, error) {
	var buf bytes.Buffer
	e := &encoder{enc: msgpack.NewEncoder(&buf)}
	e.uint(maxFormat)
	fields(e)
	if e.err == nil && buf.Len() > maxBody {
		e.err = fmt.Errorf("bootstrap: message takes %d bytes, allowed are %d", buf.Len(), maxBody)
	}
	return buf.Bytes(), e.err
}

func (e *encoder) keep(err error) {
	if e.err == nil {
		e.err = err
	}
}

func (e *encoder) uint(v uint64) { e.keep(e.enc.EncodeUint(v)) }
func (e *encoder) bool(v bool)   { e.keep(e.enc.EncodeBool(v)) }
func (e *encoder) text(v string) {
	if len(v) > maxText {
		e.keep(fmt.Errorf("bootstrap: text of %d bytes, allowed are %d", len(v), maxText))
	}
	e.keep(e.enc.EncodeString(v))
}

func (e *encoder) proposal(p Proposal) {
	e.text(p.Cluster)
	e.uint(p.Generation)
	e.keep(e.enc.EncodeArrayLen(len(p.Members)))
	for _, m := range p.Members {
		e.text(m.ID)
		e.text(m.Addr)
	}
}

// decoder reads one body and remembers the first error; after it, everything reads as zero.
type decoder struct {
	dec *msgpack.Decoder
	err error
}

func decode(body []byte, fields func(*decoder)) error {
	if len(body) > maxBody {
		return fmt.Errorf("%w: %d bytes", ErrMessage, len(body))
	}
	in := bytes.NewReader(body)
	d := &decoder{dec: msgpack.NewDecoder(in)}
	if format := d.uint(); d.err == nil && format != maxFormat {
		d.fail(fmt.Errorf("format %d, this node speaks %d", format, maxFormat))
	}
	fields(d)
	if d.err == nil && in.Len() > 0 {
		d.fail(fmt.Errorf("%d bytes too many", in.Len()))
	}
	if d.err != nil {
		return fmt.Errorf("%w: %v", ErrMessage, d.err)
	}
	return nil
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

func (d *decoder) uint() uint64 { return read(d, d.dec.DecodeUint64) }
func (d *decoder) bool() bool   { return read(d, d.dec.DecodeBool) }

func (d *decoder) text() string {
	s := read(d, d.dec.DecodeString)
	if len(s) > maxText {
		d.fail(fmt.Errorf("text of %d bytes", len(s)))
	}
	return s
}

func (d *decoder) proposal() Proposal {
	p := Proposal{Cluster: d.text(), Generation: d.uint()}
	n := read(d, d.dec.DecodeArrayLen)
	if n < 0 || n > 5 {
		d.fail(fmt.Errorf("%d members", n))
	}
	for range n {
		if d.err != nil {
			break
		}
		p.Members = append(p.Members, Peer{ID: d.text(), Addr: d.text()})
	}
	return p
}

func read[T any](d *decoder, next func() (T, error)) T {
	var zero T
	if d.err != nil {
		return zero
	}
	v, err := next()
	if err != nil {
		d.err = err
		return zero
	}
	return v
}
