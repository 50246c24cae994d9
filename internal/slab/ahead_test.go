package slab

import (
	"bytes"
	"testing"
)

func TestAheadReadsWhatASearchWill(t *testing.T) {
	a := NewArena()
	x, none, content := NewIndex(a), NewIndex(a), NewHandles(a)
	want := uint64(0)
	var ahead Ahead
	note := func(hash uint64, h *Handles) {
		ahead.Note(x, hash, h)
		ahead.Note(none, hash, h)
	}
	for i := range uint64(500) {
		hash := i<<52 | i<<20 | 1
		ref := content.Add(bytes.Repeat([]byte{'x'}, int(i)*50)) // also ones of the Go heap
		x.Add(hash, ref)
		loc := *content.pages.at(ref)
		cell := hash<<32 | uint64(ref)
		want += cell + uint64(loc) + uint64(a.piece(loc)[0]) // the first in its shard: it is at home
		note(hash, content)
		want += cell
		note(hash, nil)
		want += cell
		note(hash+5, content) // another's place
	}
	if ahead.Read(); ahead.sink != want {
		t.Errorf("what was read sums up to %x, want %x", ahead.sink, want)
	}
	if ahead.Read(); ahead.sink != want {
		t.Error("what was noted is read twice")
	}
	for _, s := range ahead.searches[:cap(ahead.searches)] {
		if s != (search{}) {
			t.Fatal("a search that was read is kept, and with it the memory of a store that may be replaced")
		}
	}
	if n := testing.AllocsPerRun(10, func() { note(1, content); ahead.Read() }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
