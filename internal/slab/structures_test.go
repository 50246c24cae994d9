package slab

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestIndexAgreesWithAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		x := NewIndex(NewArena())
		want := map[uint32]uint64{} // hash by reference
		hashes := rapid.SampledFrom([]uint64{3, 500, 1 << 62}).Draw(t, "hashes")
		for step := range 3000 {
			ref := uint32(1 + rnd.IntN(400))
			hash, there := want[ref]
			switch {
			case !there:
				hash = rnd.Uint64N(hashes) // few: in one shard, and many the same
				x.Add(hash, ref)
				want[ref] = hash
			case rnd.IntN(4) == 0:
				other := uint32(1000 + step)
				x.Move(hash, ref, other)
				delete(want, ref)
				want[other] = hash
			default:
				if !x.Remove(hash, ref) || x.Remove(hash, ref) {
					t.Fatalf("reference %d was not there, or twice", ref)
				}
				delete(want, ref)
			}
		}
		for ref, hash := range want {
			if got, found := x.Find(hash, func(r uint32) bool { return r == ref }); !found || got != ref {
				t.Fatalf("reference %d is lost", ref)
			}
		}
		if x.Len() != len(want) {
			t.Fatalf("%d references, want %d", x.Len(), len(want))
		}
	})
}

func TestHeapAgreesWithSorting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		a := NewArena()
		before := func(a, b uint32) bool { return a > b }
		places := NewPlaces(a)
		heaps := []*Heap{NewHeap(a, places, before), NewHeap(a, places, before)}
		type item struct {
			at  int64
			ref uint32
		}
		in := []map[uint32]int64{{}, {}}
		for range 3000 {
			ref, at := uint32(1+rnd.IntN(5000)), rnd.Int64N(50)
			n := int(ref) % 2
			_, there := in[n][ref]
			switch {
			case !there:
				heaps[n].Add(ref, at)
			case rnd.IntN(3) == 0:
				heaps[n].Remove(ref)
				delete(in[n], ref)
				continue
			default:
				heaps[n].Set(ref, at)
			}
			in[n][ref] = at
		}
		for n, h := range heaps {
			var want []item
			for ref, at := range in[n] {
				want = append(want, item{at, ref})
			}
			slices.SortFunc(want, func(a, b item) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.ref, a.ref)) })
			for _, w := range want {
				ref, at, found := h.Min()
				if !found || ref != w.ref || at != w.at {
					t.Fatalf("first = %d at %d, want %d at %d", ref, at, w.ref, w.at)
				}
				h.Remove(ref)
			}
			if _, _, found := h.Min(); found || h.Len() != 0 {
				t.Fatal("the heap holds more than was put in")
			}
		}
	})
}

func TestOrderAgreesWithASortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		o := NewOrder(NewArena())
		want, kept := map[uint64]uint32{}, []uint64{}
		mostly, jumps, top := rnd.IntN(10), rnd.IntN(2) == 0, uint64(1)
		for step := range 3000 {
			serial := top
			switch {
			case rnd.IntN(10) < mostly:
				top += 1 + rnd.Uint64N(3)
			case jumps && rnd.IntN(100) == 0:
				top += 1 << 33 // further than a block can count
				serial = top
			default:
				serial = 1 + rnd.Uint64N(top)
			}
			if _, there := want[serial]; there {
				o.Remove(serial)
				delete(want, serial)
				continue
			}
			o.Add(serial, uint32(step+1))
			want[serial] = uint32(step + 1)
			kept = append(kept, serial)
			if rnd.IntN(3) == 0 {
				s := kept[rnd.IntN(len(kept))] // perhaps gone already
				o.Remove(s)
				delete(want, s)
			}
		}
		o.Remove(top + 5) // not there
		from := rnd.Uint64N(top)
		var got, sorted []string
		o.From(from, func(serial uint64, ref uint32) bool { got = append(got, fmt.Sprint(serial, ref)); return true })
		for _, serial := range slices.Sorted(func(yield func(uint64) bool) {
			for s := range want {
				if s >= from && !yield(s) {
					return
				}
			}
		}) {
			sorted = append(sorted, fmt.Sprint(serial, want[serial]))
		}
		if !slices.Equal(got, sorted) {
			t.Fatalf("from %d: %d entries, want %d", from, len(got), len(sorted))
		}
		fewBlocks(t, o, len(want), top)
		for i, s := range kept { // nearly all go: what is left is drawn together
			if i%20 != 0 {
				o.Remove(s)
				delete(want, s)
			}
		}
		fewBlocks(t, o, len(want), top)
	})
}

// fewBlocks fails unless an order of so many entries is kept in few blocks. One is cut off where it cannot count further, and again where
// serials come in before that cut: a few for each jump.
func fewBlocks(t *rapid.T, o *Order, entries int, top uint64) {
	if blocks := len(o.blocks); blocks > 4+entries/40+4*int(top>>32) {
		t.Fatalf("%d entries take %d blocks", entries, blocks)
	}
}

func TestListsKeepTheirOrder(t *testing.T) {
	l := NewLists(NewArena())
	l.Start(5)
	l.InsertAfter(5, 900)
	l.InsertAfter(5, 7)
	ring := func(from uint32) (list []uint32) {
		for at := from; ; {
			list = append(list, at)
			if at = l.Next(at); at == from {
				return list
			}
		}
	}
	if got := ring(5); !slices.Equal(got, []uint32{5, 7, 900}) || l.Prev(5) != 900 {
		t.Errorf("ring = %v", got)
	}
	l.Remove(7)
	if got := ring(900); !slices.Equal(got, []uint32{900, 5}) {
		t.Errorf("ring after a removal = %v", got)
	}
}

// TestCapturedHandlesAreFrozen changes everything after a capture, and after a second one: both stay what they were.
func TestCapturedHandlesAreFrozen(t *testing.T) {
	a := NewArena()
	h := NewHandles(a)
	const n = 20_000
	name := func(i, round int) string { return fmt.Sprintf("piece %d of round %d", i, round) }
	handles := make([]uint32, n)
	for i := range handles {
		handles[i] = h.Add([]byte(name(i, 0)))
	}
	frozen := func(f *Frozen) map[string]bool {
		got := map[string]bool{}
		f.All(func(b []byte) { got[string(b)] = true })
		return got
	}
	change := func(round int) {
		for i, handle := range handles {
			switch (i + round) % 3 {
			case 0:
				h.Set(handle, []byte(name(i, round)))
			case 1:
				h.Remove(handle)
				handles[i] = h.Add([]byte(name(i, round)))
			}
		}
		a.Flush()
	}
	first := h.Capture()
	want := frozen(first)
	change(1)
	second := h.Capture()
	wantSecond := frozen(second)
	change(2)
	if got := frozen(first); !maps.Equal(got, want) || len(want) != n {
		t.Errorf("the first capture holds %d, before %d, want %d", len(got), len(want), n)
	}
	h.Release()
	change(3)
	if got := frozen(second); !maps.Equal(got, wantSecond) || len(wantSecond) != n || second.Len() != n {
		t.Errorf("the second capture holds %d, before %d, want %d", len(got), len(wantSecond), n)
	}
	h.Release()
	a.Flush()
	for i, handle := range handles {
		last := 3 // the last round that changed it
		for (i+last)%3 == 2 {
			last--
		}
		if got := string(h.Get(handle)); got != name(i, last) {
			t.Fatalf("piece %d = %q, want %q", i, got, name(i, last))
		}
	}
	if h.Len() != n {
		t.Errorf("%d handles, want %d", h.Len(), n)
	}
}

func TestWhatACaptureReadsIsNotWrittenOver(t *testing.T) {
	a := NewArena()
	h := NewHandles(a)
	handle := h.Add([]byte("before"))
	h.Capture()
	if _, may := h.InPlace(handle); may {
		t.Error("what a capture reads may be written over")
	}
	h.Release()
	content, may := h.InPlace(handle)
	if !may {
		t.Fatal("what nobody reads may not be written over")
	}
	copy(content, "after!")
	if got := string(h.Get(handle)); got != "after!" {
		t.Errorf("stored is %q, want what was written over it", got)
	}
}

func TestQueueIsFirstInFirstOut(t *testing.T) {
	a := NewArena()
	q := NewQueue(a)
	if q.First() != 0 {
		t.Fatal("an empty queue has a first")
	}
	next, first := Loc(1), Loc(1)
	for round := range 30 {
		for range 1000 + 300*round%1700 {
			q.Push(next)
			next++
		}
		a.Pin()
		captured := q.Capture()
		q.Push(next)
		next++
		at := first
		for range 900 + 300*round%1900 {
			if got := q.First(); got != first && first < next {
				t.Fatalf("first = %d, want %d", got, first)
			}
			if first == next {
				break
			}
			q.Pop()
			first++
		}
		for _, page := range captured {
			for _, l := range page {
				if l != at {
					t.Fatalf("captured %d, want %d", l, at)
				}
				at++
			}
		}
		if at != next-1 {
			t.Fatalf("the capture ends at %d, want %d", at, next-1)
		}
		a.Unpin()
		a.Flush()
	}
}
