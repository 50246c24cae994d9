package slab

// Ahead reads what searches of indexes will read, so that it is in the processor's caches by then. It notes the searches first and
// then reads in steps, what does not depend on each other side by side: the processor waits for a dozen places at once, not for
// one after the other. The zero value is ready, and keeps its memory; it is for one goroutine, and changes nothing.
type Ahead struct {
	searches []search
	sink     uint64 // keeps what is read from being optimized away
}

// search is one that was noted, and how far it was read.
type search struct {
	shard   *shard
	cell    *uint64
	content *Handles // what its references are; nil = nothing is read of it
	tag     uint32
}

// Note adds a search of an index for a hash. content, where it is not nil, is what the references of the index lead to.
func (a *Ahead) Note(x *Index, hash uint64, content *Handles) {
	a.searches = append(a.searches, search{shard: x.shard(hash), content: content, tag: uint32(hash)})
}

// Read reads what was noted and forgets it.
func (a *Ahead) Read() {
	sum, n := uint64(0), 0
	for _, s := range a.searches {
		if len(s.shard.cells) > 0 {
			s.cell = &s.shard.cells[s.shard.home(s.tag)]
			a.searches[n] = s
			n++
		}
	}
	met := 0
	for _, s := range a.searches[:n] {
		cell := *s.cell
		sum += cell
		if s.content != nil && uint32(cell>>32) == s.tag { // mostly the one that will be found
			a.searches[met] = s
			met++
		}
	}
	for _, s := range a.searches[:met] {
		sum += uint64(*s.content.pages.at(uint32(*s.cell)))
	}
	for _, s := range a.searches[:met] {
		sum += uint64(s.content.arena.piece(*s.content.pages.at(uint32(*s.cell)))[0])
	}
	a.sink += sum
	clear(a.searches) // a store that is replaced must not be held by what was read of it
	a.searches = a.searches[:0]
}
