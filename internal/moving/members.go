package moving

import (
	"bytes"
	"encoding/json"
)

// members calls each with the members of a JSON object, values as the very text that they are. A name that stands there twice
// is a fault: two readers might choose differently.
func members(text []byte, what string, each func(name string, value json.RawMessage) error) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if begin, err := dec.Token(); err != nil || begin != json.Delim('{') {
		return faultf("%s should be a JSON object", what)
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		name, isText := token.(string)
		if err != nil || !isText {
			return faultf("%s is no whole JSON object", what)
		}
		if seen[name] {
			return faultf("%s has the name %s twice", what, shown(name))
		}
		seen[name] = true
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return faultf("%s is no whole JSON object", what)
		}
		if err := each(name, value); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil || dec.InputOffset() != int64(len(bytes.TrimRight(text, " \t\r\n"))) {
		return faultf("%s is no whole JSON object", what)
	}
	return nil
}

// shown returns a name for an error, or a stand-in where it might be a token that slipped into the wrong place.
func shown(name string) string {
	const longest = 24
	if name == "" || len(name) > longest {
		return "(not shown)"
	}
	for _, c := range []byte(name) {
		if c != '_' && (c < 'a' || c > 'z') {
			return "(not shown)"
		}
	}
	return name
}
