package fsm

import "github.com/sessnode/sessnode/internal/slab"

// deadlines order sessions by when they end, and by serial where that is the same: a heap for the signed-in and one for the
// anonymous of each app, and a heap of those heaps.
type deadlines struct {
	arena  *slab.Arena
	places *slab.Places
	before func(a, b uint32) bool
	heaps  []*slab.Heap // two an app
	top    *slab.Heap   // of numbers in heaps
	on     []bool       // whether a heap is in top
}

func newDeadlines(a *slab.Arena, before func(a, b uint32) bool) *deadlines {
	d := &deadlines{arena: a, places: slab.NewPlaces(a), before: before}
	d.top = slab.NewHeap(a, slab.NewPlaces(a), func(a, b uint32) bool {
		x, _, _ := d.heaps[a].Min()
		y, _, _ := d.heaps[b].Min()
		return before(x, y)
	})
	return d
}

func heapOf(app uint32, anonymous bool) int {
	if anonymous {
		return int(2*app + 1)
	}
	return int(2 * app)
}

func (d *deadlines) add(r *record) {
	n := heapOf(r.app, r.anonymous())
	for len(d.heaps) <= n {
		d.heaps, d.on = append(d.heaps, slab.NewHeap(d.arena, d.places, d.before)), append(d.on, false)
	}
	d.heaps[n].Add(r.handle, r.deadline)
	d.changed(n)
}

func (d *deadlines) remove(r *record) {
	n := heapOf(r.app, r.anonymous())
	d.heaps[n].Remove(r.handle)
	d.changed(n)
}

func (d *deadlines) move(r *record) {
	n := heapOf(r.app, r.anonymous())
	d.heaps[n].Set(r.handle, r.deadline)
	d.changed(n)
}

// changed puts a heap where it belongs among the heaps.
func (d *deadlines) changed(n int) {
	_, at, found := d.heaps[n].Min()
	switch {
	case found && d.on[n]:
		d.top.Set(uint32(n), at)
	case found:
		d.on[n] = true
		d.top.Add(uint32(n), at)
	case d.on[n]:
		d.on[n] = false
		d.top.Remove(uint32(n))
	}
}

// min returns the session that ends first.
func (d *deadlines) min() (handle uint32, at int64, found bool) {
	n, _, found := d.top.Min()
	if !found {
		return 0, 0, false
	}
	return d.heaps[n].Min()
}

// minAnonymous returns the anonymous session of an app that ends first.
func (d *deadlines) minAnonymous(app uint32) (handle uint32, found bool) {
	if n := heapOf(app, true); n < len(d.heaps) {
		handle, _, found = d.heaps[n].Min()
	}
	return handle, found
}
