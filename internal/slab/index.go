package slab

// An Index finds references by a hash. It keeps 32 bits of the hash beside each, so that it grows without looking at what they refer
// to, and hardly ever has the caller compare in vain. It is cut into shards that grow one at a time: no growth takes long.
type Index struct {
	arena  *Arena
	shards [indexShards]shard
	count  int
}

const indexShards = 4096

type shard struct {
	cells []uint64 // hash in the high half, reference in the low one; 0 is empty
	loc   Loc
	count uint32
}

// NewIndex returns an empty index.
func NewIndex(a *Arena) *Index { return &Index{arena: a} }

// Len is how many references the index holds.
func (x *Index) Len() int { return x.count }

func (x *Index) shard(hash uint64) *shard { return &x.shards[hash>>52] }

// home is the cell at which a search begins.
func (s *shard) home(tag uint32) int { return int(uint64(tag) * uint64(len(s.cells)) >> 32) }

// Find returns the first reference under a hash that is the one.
func (x *Index) Find(hash uint64, is func(ref uint32) bool) (ref uint32, found bool) {
	s := x.shard(hash)
	if i := s.find(uint32(hash), is); i >= 0 {
		return uint32(s.cells[i]), true
	}
	return 0, false
}

func (s *shard) find(tag uint32, is func(ref uint32) bool) int {
	if len(s.cells) == 0 {
		return -1
	}
	for i := s.home(tag); s.cells[i] != 0; {
		if cell := s.cells[i]; uint32(cell>>32) == tag && is(uint32(cell)) {
			return i
		}
		if i++; i == len(s.cells) {
			i = 0
		}
	}
	return -1
}

// larger is how many cells a full shard gets next. Every reference is moved once more for each step: so a shard doubles as long as it is small, and
// wastes little by that, and is stingy in a large store.
func larger(cells int) int {
	const small = 64 // of a store of some 200,000
	if cells < small {
		return max(8, 2*cells)
	}
	return cells*5/4 + 1
}

// Add puts a reference, which must not be 0, under a hash.
func (x *Index) Add(hash uint64, ref uint32) {
	s := x.shard(hash)
	if 5*(int(s.count)+1) > 4*len(s.cells) {
		x.resize(s, larger(len(s.cells)))
	}
	s.put(uint64(uint32(hash))<<32 | uint64(ref))
	s.count++
	x.count++
}

func (s *shard) put(cell uint64) {
	i := s.home(uint32(cell >> 32))
	for s.cells[i] != 0 {
		if i++; i == len(s.cells) {
			i = 0
		}
	}
	s.cells[i] = cell
}

// Move replaces a reference that is under a hash by another.
func (x *Index) Move(hash uint64, from, to uint32) {
	s := x.shard(hash)
	if i := s.find(uint32(hash), func(ref uint32) bool { return ref == from }); i >= 0 {
		s.cells[i] = s.cells[i]&^(1<<32-1) | uint64(to)
	}
}

// Remove takes a reference away and reports whether it was there.
func (x *Index) Remove(hash uint64, ref uint32) bool {
	s := x.shard(hash)
	i := s.find(uint32(hash), func(r uint32) bool { return r == ref })
	if i < 0 {
		return false
	}
	s.count--
	x.count--
	s.closeGap(i)
	if n := len(s.cells); n > 64 && 4*int(s.count) < n {
		x.resize(s, n/2)
	}
	return true
}

// closeGap empties a cell and moves those up that a search would no longer reach.
func (s *shard) closeGap(gap int) {
	n := len(s.cells)
	for i := gap; ; {
		if i++; i == n {
			i = 0
		}
		cell := s.cells[i]
		if cell == 0 {
			break
		}
		home := s.home(uint32(cell >> 32))
		if distance(home, i, n) >= distance(gap, i, n) {
			s.cells[gap] = cell
			gap = i
		}
	}
	s.cells[gap] = 0
}

// distance is how many steps lead from one cell to another, around the end.
func distance(from, to, n int) int {
	if to < from {
		to += n
	}
	return to - from
}

func (x *Index) resize(s *shard, cells int) {
	l, b := x.arena.alloc(cells * 8)
	clear(b)
	old, oldLoc := s.cells, s.loc
	s.cells, s.loc = Cast[uint64](b), l
	for _, cell := range old {
		if cell != 0 {
			s.put(cell)
		}
	}
	if old != nil {
		x.arena.reclaim(oldLoc)
	}
}
