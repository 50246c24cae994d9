package fsm

import (
	"slices"
	"testing"

	"github.com/sessnode/sessnode/internal/slab"
)

// TestWhatIsPutOffMovesOnceItsTimeHasCome: how a deadline that was put off is found. That sessions end in the right order all the same is what the naive
// model and the replicas that restored are for.
func TestWhatIsPutOffMovesOnceItsTimeHasCome(t *testing.T) {
	stored := map[uint32]*record{}
	a := slab.NewArena()
	defer a.Keep()
	d := newDeadlines(a, func(x, y uint32) bool { return stored[x].serial < stored[y].serial }, func(ref uint32) int64 { return stored[ref].deadline })
	put := func(handle uint32, subject string, deadline int64) {
		r := &record{handle: handle, serial: uint64(handle), subject: subject, deadline: deadline}
		stored[handle] = r
		d.add(r)
	}
	change := func(handle uint32, deadline int64) {
		r := stored[handle]
		was := r.deadline
		r.deadline = deadline
		d.move(r, was)
	}
	put(1, "ada", 10)
	put(2, "bob", 20)
	put(3, "eve", 30)
	put(4, "", 12)
	put(5, "", 14)

	change(1, 40)
	change(2, 50)
	change(4, 60)
	if at, _ := d.next(); at != 10 {
		t.Errorf("next = %d, want 10, where the first still stands", at)
	}
	if h, found := d.minAnonymous(0); !found || h != 5 {
		t.Errorf("the first of the anonymous = %d, %v, want 5: their order is always the right one", h, found)
	}
	if h, found := d.first(9); found {
		t.Errorf("%d ends before any does", h)
	}
	if h, _ := d.first(14); h != 5 {
		t.Errorf("%d ends first, want 5: 1 was put off", h)
	}
	d.remove(stored[5])
	if more := d.ahead(19, 9); more {
		t.Error("there is more to move before 20")
	}
	if at, _ := d.next(); at != 20 {
		t.Errorf("next = %d, want 20: only what stood before 19 was to be moved", at)
	}
	if more := d.ahead(20, 1); !more {
		t.Error("one was to be moved, and nobody knows whether there are more")
	}
	if at, _ := d.next(); at != 30 {
		t.Errorf("next = %d, want 30: 2 was put off", at)
	}
	change(3, 25)
	if at, _ := d.next(); at != 25 {
		t.Errorf("next = %d, want 25: what ends earlier moves at once", at)
	}
	if more := d.ahead(100, 9); more {
		t.Error("what ends first was found, and there is more to move")
	}
	var order []uint32
	for h, found := d.first(100); found; h, found = d.first(100) {
		order = append(order, h)
		d.remove(stored[h])
	}
	if want := []uint32{3, 1, 2, 4}; !slices.Equal(order, want) {
		t.Errorf("they end in the order %v, want %v", order, want)
	}
	if _, found := d.next(); found {
		t.Error("something is left")
	}
}
