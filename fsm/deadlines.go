package fsm

import "github.com/sessnode/sessnode/internal/slab"

// deadlines order sessions by when they end, and by serial where that is the same: a heap for the signed-in and one for the
// anonymous of each app, and a heap of those heaps.
//
// A session that is signed in may stand there with an earlier time than its deadline. Nearly every change puts a deadline off, and finding the
// new place in the heap was a seventh of what a touch cost, with a few thousand sessions. So the session stays where it is until that time
// has come, and is moved then, to where its deadline is by that time. Of the anonymous the first may be asked for at any time: they are
// always where they belong.
type deadlines struct {
	arena  *slab.Arena
	places *slab.Places
	before func(a, b uint32) bool
	stored func(ref uint32) int64 // the deadline of a session
	heaps  []*slab.Heap           // two an app
	top    *slab.Heap             // of numbers in heaps
	on     []bool                 // whether a heap is in top
}

func newDeadlines(a *slab.Arena, before func(a, b uint32) bool, stored func(ref uint32) int64) *deadlines {
	d := &deadlines{arena: a, places: slab.NewPlaces(a), before: before, stored: stored}
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

// move is told that a session's deadline has changed, and what it was. It leaves a session that is signed in where it is, if it ends later.
func (d *deadlines) move(r *record, was int64) {
	if r.deadline > was && !r.anonymous() {
		return
	}
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

// first returns the session that ends first, if that is not after a time.
func (d *deadlines) first(until int64) (handle uint32, found bool) {
	for {
		n, at, found := d.top.Min()
		if !found || at > until {
			return 0, false
		}
		if h, exact := d.settle(int(n)); exact {
			return h, true
		}
	}
}

// ahead moves those that were put off and stand before a time, at most a number of them, until it finds one that ends by then. It reports
// whether there may be more.
func (d *deadlines) ahead(until int64, most int) (more bool) {
	for ; most > 0; most-- {
		n, at, found := d.top.Min()
		if !found || at > until {
			return false
		}
		if _, exact := d.settle(int(n)); exact {
			return false
		}
	}
	return true
}

// next returns a time before which no session ends.
func (d *deadlines) next() (at int64, found bool) {
	_, at, found = d.top.Min()
	return at, found
}

// settle moves the first of a heap to where its deadline is, and reports whether it stood there already.
func (d *deadlines) settle(n int) (handle uint32, exact bool) {
	h, at, _ := d.heaps[n].Min()
	deadline := d.stored(h)
	if deadline == at {
		return h, true
	}
	d.heaps[n].Set(h, deadline)
	d.changed(n)
	return h, false
}

// minAnonymous returns the anonymous session of an app that ends first.
func (d *deadlines) minAnonymous(app uint32) (handle uint32, found bool) {
	if n := heapOf(app, true); n < len(d.heaps) {
		handle, _, found = d.heaps[n].Min()
	}
	return handle, found
}
