package slab

import "slices"

// Queue holds the places of pieces, first in first out. A capture shares its pages: what is there is never written again.
type Queue struct {
	arena *Arena
	pages [][]Loc
	locs  []Loc
	head  int // of the first page
	tail  int // of the last page
}

const queuePage = pageBytes / 4

// NewQueue returns an empty queue.
func NewQueue(a *Arena) *Queue { return &Queue{arena: a} }

// Push adds a piece at the end.
func (q *Queue) Push(l Loc) {
	if len(q.pages) == 0 || q.tail == queuePage {
		at, b := q.arena.alloc(pageBytes)
		q.pages, q.locs, q.tail = append(q.pages, Cast[Loc](b)), append(q.locs, at), 0
	}
	q.pages[len(q.pages)-1][q.tail] = l
	q.tail++
}

// First returns the oldest piece; 0 where there is none.
func (q *Queue) First() Loc {
	if len(q.pages) == 0 || len(q.pages) == 1 && q.head == q.tail {
		return 0
	}
	return q.pages[0][q.head]
}

// Pop takes the oldest piece away.
func (q *Queue) Pop() {
	if q.head++; q.head < queuePage {
		return
	}
	q.arena.Free(q.locs[0])
	q.pages, q.locs, q.head = slices.Delete(q.pages, 0, 1), slices.Delete(q.locs, 0, 1), 0
}

// Capture returns the pieces that are queued, for reading beside the owner while the arena is pinned.
func (q *Queue) Capture() [][]Loc {
	frozen := slices.Clone(q.pages)
	if last := len(frozen) - 1; last >= 0 {
		frozen[last] = frozen[last][:q.tail]
		frozen[0] = frozen[0][q.head:]
	}
	return frozen
}
