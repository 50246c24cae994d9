package slab

// pageBytes is the size of a page. What is smaller than one grows by doubling, so that a small structure stays small.
const pageBytes = largest

// pages is an array that grows without copying more than a page. T holds no pointers and has a size of a power of two.
type pages[T any] struct {
	arena *Arena
	list  [][]T
	locs  []Loc
	size  int // elements there is room for
	per   int // elements of a page
}

func newPages[T any](a *Arena) pages[T] { return pages[T]{arena: a, per: pageBytes / sizeOfType[T]()} }

func (p *pages[T]) at(i uint32) *T {
	per := uint32(p.per)
	return &p.list[i/per][i%per]
}

// grow makes room for n elements; new ones are zero.
func (p *pages[T]) grow(n int) {
	for p.size < n {
		if p.size == 0 {
			p.add(p.arena.alloc(64))
			continue
		}
		if p.size >= p.per {
			p.add(p.arena.alloc(pageBytes))
			continue
		}
		l, b := p.arena.alloc(2 * p.size * sizeOfType[T]())
		clear(b)
		old := p.list[0]
		page := Cast[T](b)
		copy(page, old)
		p.arena.Free(p.locs[0]) // a capture may share it
		p.list[0], p.locs[0], p.size = page, l, len(page)
	}
}

func (p *pages[T]) add(l Loc, b []byte) {
	clear(b)
	page := Cast[T](b)
	p.list, p.locs, p.size = append(p.list, page), append(p.locs, l), p.size+len(page)
}
