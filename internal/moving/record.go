package moving

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/view"
)

// record is one line: a session, and when it was made and used where it comes from.
type record struct {
	client.Import
	created, touched time.Time // zero where the line does not say
	secret           bool      // the line had the token itself
}

// parseRecord reads one line. Its errors say which field is wrong and how it should be.
func parseRecord(line []byte) (record, error) {
	var r record
	if !utf8.Valid(line) {
		return r, faultf("the line is not UTF-8")
	}
	r.Attrs = map[string]sessnode.Value{}
	named := false
	err := members(line, "the line", func(name string, text json.RawMessage) error {
		read, known := fields[name]
		switch {
		case known && string(text) == "null": // as if it were not there
			return nil
		case known:
			named = named || name == "key"
			return read(&r, text)
		case strings.HasPrefix(name, "x_"):
			return nil
		}
		return faultf("there is a field %s that this format does not have: a note of one's own begins with x_", shown(name))
	})
	switch {
	case err != nil:
	case r.secret && named:
		err = faultf("key and token in one line: give one of them")
	case r.Key.IsZero():
		err = faultf("key is missing (or token)")
	case r.TokenChars == 0:
		err = faultf("token_chars is missing: the key does not tell how long the token is")
	}
	return r, err
}

// fields reads each field of a line into its record.
var fields = map[string]func(*record, json.RawMessage) error{
	"token":       (*record).readToken,
	"key":         (*record).readKey,
	"token_chars": (*record).readChars,
	"subject":     func(r *record, t json.RawMessage) error { return readText(t, "subject", &r.Subject) },
	"attrs":       (*record).readAttrs,
	"raw":         (*record).readRaw,
	"created":     func(r *record, t json.RawMessage) error { return readTime(t, "created", &r.created) },
	"touched":     func(r *record, t json.RawMessage) error { return readTime(t, "touched", &r.touched) },
	"expires":     func(r *record, t json.RawMessage) error { return readTime(t, "expires", &r.Timeouts.Expires) },
	"idle":        func(r *record, t json.RawMessage) error { return readSpan(t, "idle", &r.Timeouts.Idle) },
	"lifetime":    func(r *record, t json.RawMessage) error { return readSpan(t, "lifetime", &r.Timeouts.Lifetime) },
	"device":      (*record).readDevice,
}

func (r *record) readToken(text json.RawMessage) error {
	var s string
	if err := readText(text, "token", &s); err != nil {
		return err
	}
	token := sessnode.Token(s)
	if !token.Valid(1) {
		return faultf("the token should have 1 to %d visible ASCII characters", sessnode.MaxTokenLength)
	}
	r.Key, r.TokenChars, r.secret = token.Key(), len(token), true
	return nil
}

func (r *record) readKey(text json.RawMessage) error {
	var s string
	if err := readText(text, "key", &s); err != nil {
		return err
	}
	raw, err := hex.DecodeString(s)
	if err != nil || len(raw) != len(r.Key) {
		return faultf("key should be the SHA-256 of the token's text: 64 hex digits")
	}
	r.Key = sessnode.Key(raw)
	return nil
}

func (r *record) readChars(text json.RawMessage) error {
	var n int
	if json.Unmarshal(text, &n) != nil || n < 1 || n > sessnode.MaxTokenLength {
		return faultf("token_chars should be a number from 1 to %d", sessnode.MaxTokenLength)
	}
	r.TokenChars = n
	return nil
}

func (r *record) readAttrs(text json.RawMessage) error {
	return members(text, "attrs", func(name string, value json.RawMessage) error {
		return r.add(name, sessnode.Value{Codec: sessnode.JSON, Data: value})
	})
}

func (r *record) readRaw(text json.RawMessage) error {
	return members(text, "raw", func(name string, value json.RawMessage) error {
		var v struct {
			Codec *string
			Data  *[]byte
		}
		if json.Unmarshal(value, &v) != nil || v.Codec == nil || v.Data == nil {
			return faultf(`raw should hold {"codec", "data"}, with data in base64`)
		}
		codec, known := sessnode.ParseCodec(*v.Codec)
		if !known {
			return faultf("a codec in raw should be json, msgpack or bytes")
		}
		return r.add(name, sessnode.Value{Codec: codec, Data: *v.Data})
	})
}

func (r *record) add(name string, v sessnode.Value) error {
	if _, twice := r.Attrs[name]; twice {
		return faultf("an attribute stands in both attrs and raw")
	}
	r.Attrs[name] = v
	return nil
}

func (r *record) readDevice(text json.RawMessage) error {
	into := map[string]*string{"ip": &r.Device.IP, "user_agent": &r.Device.UserAgent, "label": &r.Device.Label}
	return members(text, "device", func(name string, value json.RawMessage) error {
		field, known := into[name]
		if !known {
			return faultf("device has ip, user_agent and label")
		}
		return readText(value, name, field)
	})
}

func readText(text json.RawMessage, field string, into *string) error {
	if len(text) == 0 || text[0] != '"' || json.Unmarshal(text, into) != nil {
		return faultf("%s should be text", field)
	}
	return nil
}

func readTime(text json.RawMessage, field string, into *time.Time) error {
	if json.Unmarshal(text, into) != nil || into.IsZero() {
		return faultf("%s should be a time such as 2026-01-31T12:00:00Z", field)
	}
	return nil
}

// readSpan reads "30m", "14d" or a number of seconds. Zero is refused: it would mean the policy's, and surprise who meant none.
func readSpan(text json.RawMessage, field string, into *time.Duration) error {
	wrong := faultf(`%s should be a duration above zero such as "1800s", "30m" or "14d", or a number of seconds`, field)
	var s string
	var seconds float64
	switch {
	case json.Unmarshal(text, &s) == nil:
		d, err := view.ParseSpan(s)
		if err != nil {
			return wrong
		}
		*into = d
	case json.Unmarshal(text, &seconds) == nil && seconds < math.MaxInt64/float64(time.Second):
		*into = time.Duration(seconds * float64(time.Second))
	}
	if *into <= 0 {
		return wrong
	}
	return nil
}

// fault is what is wrong with a line, in words that hold nothing of its values.
type fault string

func (f fault) Error() string { return string(f) }

func faultf(format string, args ...any) error { return fault(fmt.Sprintf(format, args...)) }
