package client

import (
	"bytes"
	"encoding/json"

	"github.com/sessnode/sessnode"
)

// JSON makes an attribute's value out of v. Types follow encoding/json. It wraps sessnode.ErrInvalid if v cannot be
// encoded.
func JSON(v any) (sessnode.Value, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return sessnode.Value{}, sessnode.Errorf(sessnode.CodeInvalid, "", "a %T has no JSON form", v)
	}
	return sessnode.Value{Codec: sessnode.JSON, Data: bytes.TrimSuffix(buf.Bytes(), []byte("\n"))}, nil
}

// Decode reads a value into what into points to: a value of the codec json as encoding/json does, one of the codec bytes
// into a *[]byte, which shares the memory. Anything else wraps sessnode.ErrInvalid; for msgpack take Value.Data to a
// library of your choice.
func Decode(v sessnode.Value, into any) error {
	if v.Codec == sessnode.JSON {
		if err := json.Unmarshal(v.Data, into); err != nil {
			return sessnode.Errorf(sessnode.CodeInvalid, "", "the value does not fit into a %T", into)
		}
		return nil
	}
	if target, ok := into.(*[]byte); ok && v.Codec == sessnode.Bytes {
		*target = v.Data
		return nil
	}
	return sessnode.Errorf(sessnode.CodeInvalid, "", "a value of the codec %s cannot be read into a %T", v.Codec, into)
}
