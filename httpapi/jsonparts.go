package httpapi

import (
	"bytes"
	"encoding/base64"
	"strconv"
)

// The functions of this file take JSON apart that checkJSON has accepted; they look for no faults again.

// jsonSkip returns where the value that begins at a place ends.
func jsonSkip(text []byte, at int) int {
	switch text[at] {
	case '"':
		return jsonSkipText(text, at)
	case '{', '[':
		depth := 0
		for {
			switch text[at] {
			case '"':
				at = jsonSkipText(text, at)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			at++
			if depth == 0 {
				return at
			}
		}
	}
	for ; at < len(text); at++ {
		switch text[at] {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return at
		}
	}
	return at
}

func jsonSkipText(text []byte, at int) int {
	begin := at + 1
	for at = begin; ; at++ {
		at += bytes.IndexByte(text[at:], '"')
		escapes := at // the backslashes in front of the quote: an odd number of them escapes it
		for escapes > begin && text[escapes-1] == '\\' {
			escapes--
		}
		if (at-escapes)%2 == 0 {
			return at + 1
		}
	}
}

// jsonString returns the characters of a string at the beginning of text.
func jsonString(text []byte) string { return string(jsonText(text)) }

// jsonText is jsonString without a copy, unless there are escapes.
func jsonText(text []byte) []byte {
	inner := text[1 : jsonSkipText(text, 0)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return unescape(inner)
}

// jsonMembers calls each with the members of an object, whose names are good until it returns.
func jsonMembers(text []byte, each func(name, value []byte)) {
	for at := jsonSpace(text, 1); text[at] != '}'; at = jsonSpace(text, at) {
		if text[at] == ',' {
			at = jsonSpace(text, at+1)
		}
		name := text[at:]
		at = jsonSpace(text, jsonSpace(text, jsonSkip(text, at))+1)
		end := jsonSkip(text, at)
		each(jsonText(name), text[at:end])
		at = end
	}
}

// jsonItems calls each with the items of a list.
func jsonItems(text []byte, each func(value []byte)) {
	for at := jsonSpace(text, 1); text[at] != ']'; at = jsonSpace(text, at) {
		if text[at] == ',' {
			at = jsonSpace(text, at+1)
		}
		end := jsonSkip(text, at)
		each(text[at:end])
		at = end
	}
}

// jsonInteger reads an integer that is written as one: neither 1.0 nor 1e3 nor -0.
func jsonInteger(text []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(text), 10, 64)
	return n, err == nil && string(text) != "-0"
}

// jsonBytes reads standard base64 with padding.
func jsonBytes(text []byte) ([]byte, bool) {
	if text[0] != '"' {
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(jsonString(text))
	return b, err == nil
}

// jsonDepth returns how deeply a value is nested.
func jsonDepth(text []byte) int {
	depth, deepest := 0, 0
	for at := 0; at < len(text); at++ {
		switch text[at] {
		case '"':
			at = jsonSkipText(text, at) - 1
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
	}
	return deepest
}
