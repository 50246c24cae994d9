package scsstore

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// BaselinePrefix begins the key under which a session's values carry what the store had when they were loaded. It never reaches the store.
const BaselinePrefix = "__sessnode:"

// baseline is what a request found. It goes along with the values through scs, because scs gives its store nothing else to tell one request
// from another. The key has a part of the token's hash in it, so that values that MergeSession brings in from another session keep theirs
// apart.
type baseline struct {
	Attrs    map[string]sessnode.Value
	Subject  string
	Device   sessnode.Device
	Timeouts sessnode.Timeouts
	End      time.Time
}

func baselineOf(got *client.Session) *baseline {
	return &baseline{got.Attrs, got.Subject, got.Device, got.Timeouts, got.End}
}

// entryOf is the key of a token's baseline.
func entryOf(token string) string { return BaselinePrefix + sessnode.Token(token).Key().String() }

// text is the baseline as ASCII, which every codec can carry. It is read by this process alone, within one request. It is written by hand, because
// gob would take longer than everything else here.
func (b *baseline) text() string {
	var w []byte
	put := func(text string) { w = append(binary.AppendUvarint(w, uint64(len(text))), text...) }
	for _, text := range []string{b.Subject, b.Device.IP, b.Device.UserAgent, b.Device.Label} {
		put(text)
	}
	w = binary.AppendVarint(binary.AppendVarint(w, int64(b.Timeouts.Idle)), int64(b.Timeouts.Lifetime))
	for _, t := range []time.Time{b.Timeouts.Expires, b.End} {
		w = binary.AppendVarint(binary.AppendVarint(w, t.Unix()), int64(t.Nanosecond()))
	}
	for name, v := range b.Attrs {
		put(name)
		w = binary.AppendUvarint(w, uint64(v.Codec))
		put(string(v.Data))
	}
	return base64.RawStdEncoding.EncodeToString(w)
}

// readBaseline reads what text wrote.
func readBaseline(text string) (*baseline, error) {
	raw, err := base64.RawStdEncoding.DecodeString(text)
	r := bytes.NewReader(raw)
	read := func() int64 {
		n, fault := binary.ReadVarint(r)
		err = cmp.Or(err, fault)
		return n
	}
	size := func() uint64 {
		n, fault := binary.ReadUvarint(r)
		err = cmp.Or(err, fault)
		return n
	}
	str := func() string {
		n := size()
		if err != nil || n > uint64(r.Len()) {
			err = cmp.Or(err, io.ErrUnexpectedEOF)
			return ""
		}
		part := make([]byte, n)
		_, _ = io.ReadFull(r, part) // so much is there
		return string(part)
	}
	moment := func() time.Time { seconds := read(); return time.Unix(seconds, read()).UTC() }
	b := &baseline{Subject: str(), Device: sessnode.Device{IP: str(), UserAgent: str(), Label: str()}, Attrs: map[string]sessnode.Value{}}
	b.Timeouts = sessnode.Timeouts{Idle: time.Duration(read()), Lifetime: time.Duration(read()), Expires: moment()}
	b.End = moment()
	for err == nil && r.Len() > 0 {
		name, codec := str(), sessnode.Codec(size())
		b.Attrs[name] = sessnode.Value{Codec: codec, Data: []byte(str())}
	}
	return b, err
}

// takeBaselines takes all baselines out of values. It returns the one of token, nil if there is none, and the others.
func takeBaselines(values map[string]any, token string) (own *baseline, others []*baseline, err error) {
	for key, v := range values {
		if !strings.HasPrefix(key, BaselinePrefix) {
			continue
		}
		delete(values, key)
		text, _ := v.(string)
		b, err := readBaseline(text)
		if err != nil {
			return nil, nil, invalid("what was found cannot be read back: %v", err)
		}
		if key == entryOf(token) {
			own = b
		} else {
			others = append(others, b)
		}
	}
	return own, others, nil
}

// gobCodec writes what scs.GobCodec writes.
type gobCodec struct{}

// envelope has the fields that scs.GobCodec has: gob goes by their names.
type envelope struct {
	Deadline time.Time
	Values   map[string]any
}

func (gobCodec) Encode(deadline time.Time, values map[string]any) ([]byte, error) {
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(envelope{deadline, values}); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func (gobCodec) Decode(blob []byte) (time.Time, map[string]any, error) {
	var e envelope
	err := gob.NewDecoder(bytes.NewReader(blob)).Decode(&e)
	return e.Deadline, e.Values, err
}

// invalid is the error of an application's mistake. It wraps sessnode.ErrInvalid.
func invalid(format string, args ...any) error {
	return &sessnode.Error{Op: "session", Detail: fmt.Sprintf(format, args...), Err: sessnode.ErrInvalid}
}
