// Package govalue turns the values that Go's session libraries keep as `any` into attributes and back, so that the same Go type comes
// back: text, truth, numbers and what is made of them as JSON, which every other client of the store can read; anything else with
// encoding/gob, under the codec bytes. Its functions are safe for concurrent use.
package govalue

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sessnode/sessnode"
)

// gobMark begins the bytes of a value that gob wrote. Other values of the codec bytes are plain []byte.
const gobMark = "\x00gob1\x00"

// maxJSONDepth is how deep a value may be nested to go as JSON; the store takes no deeper one (sessnode.MaxDepth).
const maxJSONDepth = sessnode.MaxDepth - 1

// Register tells gob of the types that Decode makes, so that they can go through a codec that uses gob.
func Register() {
	gob.Register(map[string]any{})
	gob.Register([]any{})
}

// Encode makes an attribute out of v. It wraps sessnode.ErrInvalid for what has no form: functions, channels, nil pointers, and types of
// the application that were not given to gob.Register.
func Encode(v any) (sessnode.Value, error) {
	if raw, ok := v.([]byte); ok && !bytes.HasPrefix(raw, []byte(gobMark)) {
		return sessnode.Value{Codec: sessnode.Bytes, Data: bytes.Clone(raw)}, nil
	}
	if text, ok := appendJSON(nil, v, maxJSONDepth); ok {
		return sessnode.Value{Codec: sessnode.JSON, Data: text}, nil
	}
	var buf bytes.Buffer
	buf.WriteString(gobMark)
	if err := gob.NewEncoder(&buf).Encode(&v); err != nil {
		return sessnode.Value{}, invalid("a %T cannot be stored: %v", v, err)
	}
	return sessnode.Value{Codec: sessnode.Bytes, Data: buf.Bytes()}, nil
}

// Decode reads an attribute. A value that has no form in Go (codec msgpack) is reported with ok false: it was written by another client,
// and must be left as it is. A value that this package wrote and cannot read, because the application's type is not registered, wraps
// sessnode.ErrInvalid.
func Decode(v sessnode.Value) (got any, ok bool, err error) {
	switch v.Codec {
	case sessnode.JSON:
		dec := json.NewDecoder(bytes.NewReader(v.Data))
		dec.UseNumber()
		if err := dec.Decode(&got); err != nil {
			return nil, false, invalid("not JSON: %v", err)
		}
		return plain(got), true, nil
	case sessnode.Bytes:
		coded, isGob := bytes.CutPrefix(v.Data, []byte(gobMark))
		if !isGob {
			return bytes.Clone(v.Data), true, nil
		}
		if err := gob.NewDecoder(bytes.NewReader(coded)).Decode(&got); err != nil {
			return nil, false, invalid("not readable by gob: %v", err)
		}
		return got, true, nil
	}
	return nil, false, nil
}

// appendJSON writes what comes back from JSON as the same Go type. It reports false for everything else.
func appendJSON(b []byte, v any, depth int) ([]byte, bool) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), true
	case bool:
		return strconv.AppendBool(b, v), true
	case int:
		return strconv.AppendInt(b, int64(v), 10), true
	case float64:
		return appendFloat(b, v)
	case string:
		return appendString(b, v)
	case []any:
		return appendList(b, v, depth)
	case map[string]any:
		return appendMap(b, v, depth)
	}
	return nil, false
}

// appendFloat writes a number that is read as a float64 again, not as an int.
func appendFloat(b []byte, v float64) ([]byte, bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, false
	}
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return append(b, text...), true
}

func appendString(b []byte, v string) ([]byte, bool) {
	if !utf8.ValidString(v) {
		return nil, false
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, false
	}
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...), true
}

func appendList(b []byte, list []any, depth int) ([]byte, bool) {
	if list == nil || depth == 0 {
		return nil, false
	}
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		var ok bool
		if b, ok = appendJSON(b, v, depth-1); !ok {
			return nil, false
		}
	}
	return append(b, ']'), true
}

func appendMap(b []byte, m map[string]any, depth int) ([]byte, bool) {
	if m == nil || depth == 0 {
		return nil, false
	}
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b = append(b, ',')
		}
		var ok bool
		if b, ok = appendString(b, name); !ok {
			return nil, false
		}
		if b, ok = appendJSON(append(b, ':'), m[name], depth-1); !ok {
			return nil, false
		}
	}
	return append(b, '}'), true
}

// plain turns numbers as JSON wrote them into int where they are integers, else float64.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := strconv.Atoi(v.String()); err == nil {
			return i
		}
		f, _ := v.Float64() // a number beyond float64 is an infinity
		return f
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = plain(v[name])
		}
	}
	return v
}

func invalid(format string, args ...any) error {
	return &sessnode.Error{Op: "value", Detail: fmt.Sprintf(format, args...), Err: sessnode.ErrInvalid}
}
