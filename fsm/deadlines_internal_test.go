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
	if at, _ := d.next(0); at != 10 {
		t.Errorf("next = %d while nobody may look at those that were put off, want 10, where the first stands", at)
	}
	if h, found := d.minAnonymous(0); !found || h != 5 {
		t.Errorf("the first of the anonymous = %d, %v, want 5: their order is always the right one", h, found)
	}
	if h, found := d.due(9); found {
		t.Errorf("%d is due before anything is", h)
	}
	if h, _ := d.due(14); h != 5 {
		t.Errorf("%d is due, want 5: 1 was put off", h)
	}
	d.remove(stored[5])
	if at, _ := d.next(1); at != 30 {
		t.Errorf("next = %d after a look at one that was put off, want 30", at)
	}
	change(3, 25)
	if at, _ := d.next(0); at != 25 {
		t.Errorf("next = %d, want 25: what ends earlier moves at once", at)
	}
	var order []uint32
	for h, found := d.due(100); found; h, found = d.due(100) {
		order = append(order, h)
		d.remove(stored[h])
	}
	if want := []uint32{3, 1, 2, 4}; !slices.Equal(order, want) {
		t.Errorf("they end in the order %v, want %v", order, want)
	}
	if _, found := d.next(1); found {
		t.Error("something is left")
	}
}
