package slab

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// inUse is what the runs take that have pieces.
func inUse(a *Arena) (bytes uint64) {
	for _, r := range a.runs[1:] {
		if r.class != unused {
			bytes += runBytes
		}
	}
	return bytes
}

// TestGatherEmptiesWhatBecameRare gives most of what has one size other sizes, which leaves a few pieces in each run of the first: they
// are moved together a few at a time, and stay what they were.
func TestGatherEmptiesWhatBecameRare(t *testing.T) {
	a, rnd := NewArena(), rand.New(rand.NewPCG(1, 2))
	h := NewHandles(a)
	want := map[uint32][]byte{}
	for range 60_000 {
		c := content(rnd, 620)
		want[h.Add(c)] = c
	}
	for n := uint32(1); n < h.next; n++ {
		if n%40 != 0 {
			want[n] = content(rnd, 400+rnd.IntN(800))
			h.Set(n, want[n])
		}
		a.Flush()
	}
	before := inUse(a)
	if before < a.Used()*3/2 {
		t.Fatalf("%d MB are in use for %d MB: there is nothing to gather", before>>20, a.Used()>>20)
	}
	a.Pin()
	h.Gather(1<<20, 1<<20)
	if len(a.limbo) > 0 {
		t.Errorf("%d pieces were moved while the arena was pinned", len(a.limbo))
	}
	a.Unpin()
	for range 2*60_000/256 + 2 {
		h.Gather(256, 16)
		if len(a.limbo) > 16 {
			t.Fatalf("one call moved %d pieces, at most 16 are allowed", len(a.limbo))
		}
		a.Flush()
	}
	if after := inUse(a); after > a.Used()*5/4 {
		t.Errorf("%d MB are in use for %d MB, %d before", after>>20, a.Used()>>20, before>>20)
	}
	for n, c := range want {
		if !bytes.Equal(h.Get(n), c) {
			t.Fatalf("handle %d changed", n)
		}
	}
	for n := range want {
		h.Remove(n)
	}
	a.Flush()
	for len(a.limbo) > 0 {
		a.Flush()
	}
	var gone int
	for _, n := range a.gone {
		gone += int(n)
	}
	if a.thinRuns != 0 || gone == 0 || gone > len(a.empty)-a.dirty {
		t.Errorf("with nothing stored %d runs are thin, and %d of %d empty ones given back but for %d", a.thinRuns, gone, len(a.empty), a.dirty)
	}
}

// TestThinRunsAreCounted keeps the lists and counts in step under random changes, moves among them.
func TestThinRunsAreCounted(t *testing.T) {
	a, rnd := NewArena(), rand.New(rand.NewPCG(3, 4))
	h := NewHandles(a)
	var list []uint32
	for round := range 60 {
		grows := round%20 < 10
		for range 2000 {
			if size := 100 + 100*(round/20) + rnd.IntN(300); grows || len(list) == 0 {
				list = append(list, h.Add(make([]byte, size)))
			} else {
				i := rnd.IntN(len(list))
				h.Remove(list[i])
				list[i] = list[len(list)-1]
				list = list[:len(list)-1]
			}
		}
		h.Gather(500, 100)
		a.Flush()
		counted := 0
		for class := range classes {
			for at := a.thin[class]; at != 0; at = a.runs[at].next {
				counted++
				if r := &a.runs[at]; !r.thin || int(r.class) != class || r.live == 0 {
					t.Fatalf("run %d is in the list of thin ones of class %d: %+v", at, class, r)
				}
			}
			for at := a.room[class]; at != 0; at = a.runs[at].next {
				if r := &a.runs[at]; r.thin || int(r.class) != class || int(r.live) == runBytes/sizeOf(class) {
					t.Fatalf("run %d is in the list of those with room of class %d: %+v", at, class, r)
				}
			}
		}
		if counted != a.thinRuns {
			t.Fatalf("%d runs are thin, %d counted", counted, a.thinRuns)
		}
	}
}
