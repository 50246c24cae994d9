package fsm

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/slab"
)

// attributes are a session's, in order of their names. They are stored as they come in the log, and taken apart only for a change.
type attributes struct {
	count int
	bytes uint64 // of names and values
	tail  []byte // as in the log, where they were not taken apart
	list  []attr // where they were
	apart bool
}

type attr struct {
	name  string
	value sessnode.Value
}

// triples is how many attributes an array in the log's form has.
func triples(values []byte) int {
	n, _, err := takeArray(values)
	if err != nil || n < 0 {
		return 0
	}
	return n / 3
}

// eachTriple calls f with what an array in the log's form holds, which was checked when it was read. It shares its memory.
func eachTriple(values []byte, f func(name string, v sessnode.Value)) {
	n, rest, _ := takeArray(values)
	for ; n > 0; n -= 3 {
		var a attr
		a, rest = takeTriple(rest)
		f(a.name, a.value)
	}
}

func takeTriple(b []byte) (a attr, rest []byte) {
	n, b, _ := takeLength(b)
	a.name, b = slab.Text(b[:n]), b[n:]
	codec, b, _ := takeInteger(b)
	n, b, _ = takeLength(b)
	a.value = sessnode.Value{Codec: sessnode.Codec(codec), Data: b[:n:n]}
	return a, b[n:]
}

// adopt takes an array in the log's form as it is.
func (a *attributes) adopt(values []byte) {
	*a = attributes{count: triples(values), tail: values}
	eachTriple(values, func(name string, v sessnode.Value) { a.bytes += uint64(len(name) + len(v.Data)) })
}

// each calls f with every attribute, in order.
func (a *attributes) each(f func(name string, v sessnode.Value)) {
	if !a.apart {
		eachTriple(a.tail, f)
	}
	for i := range a.list {
		f(a.list[i].name, a.list[i].value)
	}
}

// takeApart makes the attributes ready for a change, in the room that an empty list has.
func (a *attributes) takeApart() {
	if a.apart {
		return
	}
	list := slices.Grow(a.list, a.count+2)
	eachTriple(a.tail, func(name string, v sessnode.Value) { list = append(list, attr{name, v}) })
	a.list, a.tail, a.apart = list, nil, true
}

func (a *attributes) find(name string) (int, bool) {
	return slices.BinarySearchFunc(a.list, name, func(a attr, name string) int { return strings.Compare(a.name, name) })
}

// attr returns an attribute.
func (a *attributes) attr(name string) (sessnode.Value, bool) {
	a.takeApart()
	if i, found := a.find(name); found {
		return a.list[i].value, true
	}
	return sessnode.Value{}, false
}

// has reports whether there is an attribute, without taking anything apart.
func (a *attributes) has(name string) (found bool) {
	a.each(func(n string, _ sessnode.Value) { found = found || n == name })
	return found
}

// set gives an attribute a value.
func (a *attributes) set(name string, v sessnode.Value) {
	a.takeApart()
	i, found := a.find(name)
	if found {
		a.bytes -= uint64(len(a.list[i].value.Data))
		a.list[i].value = v
	} else {
		a.list = slices.Insert(a.list, i, attr{name, v})
		a.bytes += uint64(len(name))
		a.count++
	}
	a.bytes += uint64(len(v.Data))
}

// unset removes an attribute.
func (a *attributes) unset(name string) {
	a.takeApart()
	if i, found := a.find(name); found {
		a.bytes -= uint64(len(name) + len(a.list[i].value.Data))
		a.list = slices.Delete(a.list, i, i+1)
		a.count--
	}
}

func (a *attributes) clear() { *a = attributes{apart: true} }

// put writes how many bytes they have and the array in the log's form.
func (a *attributes) put(b []byte) []byte {
	b = binary.AppendUvarint(b, a.bytes)
	if !a.apart && len(a.tail) > 0 {
		return append(b, a.tail...)
	}
	b = appendArray(b, 3*len(a.list))
	for i := range a.list {
		b = appendText(b, a.list[i].name)
		b = appendUint(b, uint64(a.list[i].value.Codec))
		b = appendBytes(b, a.list[i].value.Data)
	}
	return b
}

// values are the attributes as a map. It shares their memory.
func (a *attributes) values() map[string]sessnode.Value {
	m := make(map[string]sessnode.Value, a.count)
	a.each(func(name string, v sessnode.Value) { m[name] = v })
	return m
}
