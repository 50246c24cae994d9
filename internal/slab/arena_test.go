package slab

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// content is made of a number, so that a piece that was handed out twice shows.
func content(rnd *rand.Rand, size int) []byte { return bytes.Repeat([]byte{byte(rnd.Uint32())}, size) }

func TestEveryClassHoldsItsSizeWithLittleWaste(t *testing.T) {
	for n := 1; n <= largest; n++ {
		size := sizeOf(classOf(n))
		if size < n || size%unit != 0 || size-n >= unit && (size-n)*16 > n {
			t.Fatalf("%d bytes get a piece of %d", n, size)
		}
		if class := classOf(n); class >= classes || class > 0 && sizeOf(class-1) >= n {
			t.Fatalf("%d bytes get class %d of %d", n, class, classes)
		}
	}
}

// TestArenaAgreesWithAMap stores, frees, flushes, pins and unpins at random: what is stored, and what was when a View was taken,
// stays as it was put.
func TestArenaAgreesWithAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		a := NewArena()
		stored, captured := map[Loc][]byte{}, map[Loc][]byte{}
		var view View
		pinned := false
		largestPiece := []int{40, 3000, 40, 3000, 3 * largest}[rnd.IntN(5)]
		for range 1000 {
			switch rnd.IntN(10) {
			case 0, 1, 2, 3, 4:
				c := content(rnd, rnd.IntN(largestPiece))
				l := a.Put(c)
				if _, twice := stored[l]; twice || l == 0 {
					t.Fatalf("piece %d was handed out twice", l)
				}
				if _, frozen := captured[l]; frozen && pinned {
					t.Fatalf("piece %d was handed out again while it was captured", l)
				}
				stored[l] = c
			case 5, 6, 7:
				for l := range stored {
					a.Free(l)
					delete(stored, l)
					break
				}
			case 8:
				a.Flush()
			case 9:
				if pinned {
					a.Unpin()
					clear(captured)
				} else {
					view = a.Pin()
					for l, c := range stored {
						captured[l] = c
					}
				}
				pinned = !pinned
			}
		}
		for l, want := range stored {
			if !bytes.Equal(a.Bytes(l), want) {
				t.Fatalf("piece %d changed", l)
			}
		}
		for l, want := range captured {
			if !bytes.Equal(view.Bytes(l), want) {
				t.Fatalf("captured piece %d changed", l)
			}
		}
		if pinned {
			a.Unpin()
		}
		for l := range stored {
			a.Free(l)
		}
		a.Flush()
		if a.Used() != 0 {
			t.Fatalf("%d bytes are in use after everything was freed", a.Used())
		}
		for at := range a.runs[1:] {
			if a.runs[at+1].class != unused {
				t.Fatalf("run %d was not given back", at+1)
			}
		}
	})
}

// TestFreedMemoryServesOtherSizes holds that what one size took is there for another: the mappings do not grow.
func TestFreedMemoryServesOtherSizes(t *testing.T) {
	a := NewArena()
	fill := func(size int) (list []Loc) {
		for range 64 << 20 / size {
			list = append(list, a.Put(make([]byte, size-3)))
		}
		return list
	}
	var most uint64
	for i, size := range []int{640, 656, 2048, 320, 9000} {
		list := fill(size)
		if most = max(most, a.Reserved()); i > 0 && most > 80<<20 {
			t.Fatalf("64 MB of pieces of %d bytes took %d MB of mappings", size, most>>20)
		}
		for _, l := range list {
			a.Free(l)
		}
		for range len(list)/maxFlush + 1 {
			a.Flush()
		}
	}
}

// TestSteadyChurnDoesNotGrow replaces pieces of mixed sizes again and again: after the first rounds the mappings stay as they are.
func TestSteadyChurnDoesNotGrow(t *testing.T) {
	a, rnd := NewArena(), rand.New(rand.NewPCG(1, 2))
	put := func() Loc { return a.Put(make([]byte, 500+rnd.IntN(400))) }
	list := make([]Loc, 50_000)
	for i := range list {
		list[i] = put()
	}
	var early uint64
	for round := range 40 {
		for n := range len(list) / 4 {
			i := rnd.IntN(len(list))
			a.Free(list[i])
			list[i] = put()
			if n%256 == 0 {
				a.Flush()
			}
		}
		if round == 4 {
			early = a.Reserved()
		}
	}
	if late := a.Reserved(); late > early+early/20 {
		t.Errorf("mappings grew from %d to %d MB under a steady load", early>>20, late>>20)
	}
	if used, reserved := a.Used(), a.Reserved(); reserved > used*5/4 { // of 26 sizes, the last run of each is part full
		t.Errorf("%d MB are mapped for %d MB", reserved>>20, used>>20)
	}
}

func TestAFlushIsBounded(t *testing.T) {
	a := NewArena()
	a.Pin()
	for range 3 * maxFlush {
		a.Free(a.Put([]byte("x")))
	}
	a.Unpin()
	for left := 3; left > 0; left-- {
		if want := left * maxFlush; len(a.limbo) != want {
			t.Fatalf("%d pieces wait, want %d", len(a.limbo), want)
		}
		a.Flush()
	}
}
