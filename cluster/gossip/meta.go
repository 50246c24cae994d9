package gossip

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"
)

// maxMeta is the most that memberlist carries for a node (memberlist.MetaMaxSize). It is checked on the way in too:
// memberlist checks only what it sends.
const maxMeta = 512

// metaFormat is the first element. Fields are only ever appended within a format, and a reader passes over those it
// does not know; another format is another language.
const metaFormat = 1

// metaFields are what every version sends; Leaving and the keys came later.
const metaFields = 12

var errMeta = errors.New("gossip: metadata cannot be understood")

// encodeMeta writes everything but ID, which memberlist carries as the node's name, and Alive, which is a matter of view.
func encodeMeta(m Member) ([]byte, error) {
	var buf bytes.Buffer
	enc := msgpack.NewEncoder(&buf)
	enc.UseCompactInts(true)
	if err := errors.Join(
		enc.EncodeArrayLen(metaFields+3), enc.EncodeUint(metaFormat),
		enc.EncodeString(m.Cluster), enc.EncodeUint(m.Generation), enc.EncodeString(m.Name),
		enc.EncodeString(m.NodeAddr), enc.EncodeString(m.HTTPAddr),
		enc.EncodeString(m.Version), enc.EncodeUint(m.MinFormat), enc.EncodeUint(m.MaxFormat),
		enc.EncodeBool(m.Voter), enc.EncodeBool(m.Fresh), enc.EncodeUint(m.Applied), enc.EncodeBool(m.Leaving),
		enc.EncodeString(m.Keys), enc.EncodeBool(m.KeyFileBad),
	); err != nil {
		return nil, err
	}
	if buf.Len() > maxMeta {
		return nil, fmt.Errorf("gossip: metadata of %s takes %d bytes, allowed are %d: shorten its name or addresses", m.ID, buf.Len(), maxMeta)
	}
	return buf.Bytes(), nil
}

// decodeMeta reads what the node named id says about itself. It never trusts a length, and refuses what no sound node
// says; every error wraps errMeta.
func decodeMeta(id string, raw []byte) (Member, error) {
	if len(raw) > maxMeta {
		return Member{}, fmt.Errorf("%w: %d bytes", errMeta, len(raw))
	}
	m := Member{ID: id}
	r := metaReader{dec: msgpack.NewDecoder(bytes.NewReader(raw))}
	fields, err := r.dec.DecodeArrayLen()
	if err != nil || fields < metaFields {
		return Member{}, fmt.Errorf("%w: not an array of at least %d fields", errMeta, metaFields)
	}
	if format := r.uint(); r.err == nil && format != metaFormat {
		return Member{}, fmt.Errorf("%w: format %d, this node speaks %d", errMeta, format, metaFormat)
	}
	m.Cluster, m.Generation, m.Name = r.text(), r.uint(), r.text()
	m.NodeAddr, m.HTTPAddr = r.text(), r.text()
	m.Version, m.MinFormat, m.MaxFormat = r.text(), r.uint(), r.uint()
	m.Voter, m.Fresh, m.Applied = r.bool(), r.bool(), r.uint()
	if fields > metaFields {
		m.Leaving = r.bool()
	}
	if fields > metaFields+2 {
		m.Keys, m.KeyFileBad = r.text(), r.bool()
	}
	if r.err != nil {
		return Member{}, fmt.Errorf("%w: %v", errMeta, r.err)
	}
	if err := m.sound(); err != nil {
		return Member{}, fmt.Errorf("%w: %v", errMeta, err)
	}
	return m, nil
}

// sound reports the first contradiction in what a node says about itself.
func (m Member) sound() error {
	switch {
	case m.ID == "":
		return errors.New("no id")
	case m.NodeAddr == "":
		return errors.New("no node address")
	case m.Fresh && m.Cluster != "":
		return errors.New("fresh and in a cluster at once")
	case m.Cluster != "" && m.Generation == 0:
		return errors.New("in a cluster without generation")
	case m.MinFormat > m.MaxFormat:
		return errors.New("empty range of formats")
	}
	for _, s := range []string{m.ID, m.Cluster, m.Name, m.NodeAddr, m.HTTPAddr, m.Version, m.Keys} {
		if !printable(s) {
			return errors.New("a text with other than visible ASCII characters")
		}
	}
	return nil
}

// printable keeps control characters out of logs, terminals and the console.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// metaReader remembers the first error, so that the fields read as a list.
type metaReader struct {
	dec *msgpack.Decoder
	err error
}

func (r *metaReader) text() string { return read(r, r.dec.DecodeString) }
func (r *metaReader) uint() uint64 { return read(r, r.dec.DecodeUint64) }
func (r *metaReader) bool() bool   { return read(r, r.dec.DecodeBool) }

func read[T any](r *metaReader, next func() (T, error)) T {
	var zero T
	if r.err != nil {
		return zero
	}
	v, err := next()
	if err != nil {
		r.err = err
		return zero
	}
	return v
}
