package httpapi

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/nearest"
)

// node is one value of a request's body: checked in full, not yet read as anything.
type node struct {
	format format
	text   []byte // exactly as sent
	deep   bool   // the body is nested so deeply that a value of it may be too deep
}

// parse checks a whole body. The node keeps the slice.
func parse(f format, body []byte) (node, error) {
	check := checkJSON
	if f == formatMsgpack {
		check = checkMsgpack
	} else {
		body = bytes.Trim(body, " \t\r\n")
	}
	depth, err := check(body)
	return node{format: f, text: body, deep: depth > sessnode.MaxDepth}, err
}

func (n node) with(text []byte) node { return node{format: n.format, text: text, deep: n.deep} }

// depth returns how deeply the value itself is nested.
func (n node) depth() int {
	if n.format == formatMsgpack {
		_, depth := msgpackSkip(n.text)
		return depth
	}
	return jsonDepth(n.text)
}

func mistake(format string, args ...any) error {
	return sessnode.Errorf(sessnode.CodeInvalid, "", format, args...)
}

// within puts a field's name in front of what is wrong with it. The name is one of ours, never one that was sent.
func within(name string, err error) error {
	if e, ok := err.(*sessnode.Error); ok { //nolint:errorlint // our own, just made, never wrapped
		inner := *e
		inner.Detail = name + ": " + e.Detail
		return &inner
	}
	return err
}

// members calls each with the members of an object, until the first error. A name is good until each returns.
func (n node) members(each func(name []byte, value node) error) error {
	var failed error
	visit := func(name, text []byte) {
		if failed == nil {
			failed = each(name, n.with(text))
		}
	}
	if n.format == formatMsgpack {
		if item, _ := readMsgpack(n.text); item.kind != msgpackMap {
			return mistake("should be a map")
		}
		if !msgpackMembers(n.text, visit) && failed == nil {
			return mistake("the names of this map must be text")
		}
		return failed
	}
	if n.text[0] != '{' {
		return mistake("should be an object")
	}
	jsonMembers(n.text, visit)
	return failed
}

// items calls each with the items of a list, until the first error.
func (n node) items(each func(value node) error) error {
	var failed error
	visit := func(text []byte) {
		if failed == nil {
			failed = each(n.with(text))
		}
	}
	if n.format == formatMsgpack {
		if item, _ := readMsgpack(n.text); item.kind != msgpackList {
			return mistake("should be a list")
		}
		msgpackItems(n.text, visit)
		return failed
	}
	if n.text[0] != '[' {
		return mistake("should be a list")
	}
	jsonItems(n.text, visit)
	return failed
}

func (n node) str() (string, error) {
	if n.format == formatMsgpack {
		if item, _ := readMsgpack(n.text); item.kind == msgpackText {
			return string(item.payload), nil
		}
	} else if n.text[0] == '"' {
		return jsonString(n.text), nil
	}
	return "", mistake("should be text")
}

func (n node) boolean() (bool, error) {
	if n.format == formatMsgpack {
		if item, _ := readMsgpack(n.text); item.kind == msgpackBool {
			return item.number == 1, nil
		}
	} else if n.text[0] == 't' || n.text[0] == 'f' {
		return n.text[0] == 't', nil
	}
	return false, mistake("should be true or false")
}

func (n node) integer() (int64, error) {
	if n.format == formatMsgpack {
		if item, _ := readMsgpack(n.text); item.kind == msgpackInt {
			return int64(item.number), nil
		}
	} else if i, ok := jsonInteger(n.text); ok {
		return i, nil
	}
	return 0, mistake("should be a whole number within 64 bits")
}

func (n node) count() (uint64, error) {
	i, err := n.integer()
	if err == nil && i < 0 {
		err = mistake("should not be negative")
	}
	return uint64(max(i, 0)), err
}

// number reads any number, as precisely as a float can hold it.
func (n node) number() (float64, bool) {
	if n.format == formatMsgpack {
		switch item, _ := readMsgpack(n.text); item.kind {
		case msgpackInt:
			return float64(int64(item.number)), true
		case msgpackUint:
			return float64(item.number), true
		case msgpackFloat:
			f := math.Float64frombits(item.number)
			return f, !math.IsNaN(f) && !math.IsInf(f, 0)
		}
		return 0, false
	}
	f, err := strconv.ParseFloat(string(n.text), 64)
	return f, err == nil && strings.IndexByte("-0123456789", n.text[0]) >= 0
}

// bytes reads base64 in JSON, bin in msgpack. The result is a copy.
func (n node) bytes() ([]byte, error) {
	if n.format == formatMsgpack {
		if item, _ := readMsgpack(n.text); item.kind == msgpackBin {
			return append([]byte{}, item.payload...), nil
		}
		return nil, mistake("should be bin")
	}
	if b, ok := jsonBytes(n.text); ok {
		return b, nil
	}
	return nil, mistake("should be standard base64 with padding")
}

// field says how one member of an object is read.
type field struct {
	name string
	read func(node) error
}

// object reads an object whose members are known. One that is not is refused: silence would lose what the sender meant.
func (n node) object(fields ...field) error {
	return n.members(func(name []byte, value node) error {
		for i := range fields {
			if f := &fields[i]; f.name == string(name) {
				if err := f.read(value); err != nil {
					return within(f.name, err)
				}
				return nil
			}
		}
		return unknownField(string(name), fields)
	})
}

// member is a field of something that is read all the time: its functions stand in a table, and cost no memory with each body.
type member[T any] struct {
	name string
	read func(into *T, n node) error
}

// readInto is object with a table.
func readInto[T any](n node, into *T, table []member[T]) error {
	return n.members(func(name []byte, value node) error {
		for i := range table {
			if m := &table[i]; m.name == string(name) {
				if err := m.read(into, value); err != nil {
					return within(m.name, err)
				}
				return nil
			}
		}
		return unknownField(string(name), fieldsOf(table))
	})
}

// fieldsOf returns a table's names.
func fieldsOf[T any](table []member[T]) []field {
	list := make([]field, len(table))
	for i := range table {
		list[i].name = table[i].name
	}
	return list
}

// unknownField names the fields there are, and the one that was probably meant. It does not quote the unknown one, which
// might be a token in the wrong place.
func unknownField(name string, fields []field) error {
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		names = append(names, f.name)
	}
	hint := ""
	if meant := nearest.Name(name, names); meant != "" {
		hint = fmt.Sprintf(" (did you mean %q?)", meant)
	}
	return mistake("there is a field of a name that is not known here%s: known are %s", hint, strings.Join(names, ", "))
}
