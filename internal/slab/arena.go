package slab

import (
	"encoding/binary"
	"runtime"
)

// Loc is where a piece of an arena is; 0 is nowhere.
type Loc uint32

const (
	chunkBytes = 4 << 20
	runBytes   = 128 << 10
	chunkRuns  = chunkBytes / runBytes
	chunkUnits = chunkBytes / unit
	runUnits   = runBytes / unit

	bigLoc    = 1 << 31 // marks a piece of the Go heap: the rest is its number
	maxChunks = bigLoc / chunkUnits
)

// View finds pieces by their Loc. A copy of an Arena's View may be read beside its owner, for pieces that are not freed meanwhile, nor written over.
type View struct {
	chunks [][]byte
	big    [][]byte
}

// Bytes returns the content of a piece.
func (v *View) Bytes(l Loc) []byte {
	b := v.piece(l)
	n, used := binary.Uvarint(b)
	return b[used : used+int(n) : used+int(n)]
}

// piece returns the memory from a Loc on.
func (v *View) piece(l Loc) []byte {
	if l&bigLoc != 0 {
		return v.big[l&^bigLoc]
	}
	return v.chunks[l/chunkUnits][l%chunkUnits*unit:]
}

// run is a part of a chunk that is cut into pieces of one class.
type run struct {
	free       Loc // the first piece that was freed; each names the next in its first four bytes
	class      int16
	fresh      uint16 // pieces handed out at least once: the rest was never written
	live       uint16
	thin       bool  // less than half full: nothing is handed out of it
	gone       bool  // its memory was given back
	next, prev int32 // in its class's list of runs with room, or of thin ones; 0 ends it
}

const unused = -1 // the class of a run that has no pieces

// Arena hands out pieces of memory. Freed pieces are handed out again only after Flush, and not while the arena is pinned.
type Arena struct {
	View
	mapped  *mappings
	runs    []run          // the first is never used
	room    [classes]int32 // the first run with room of each class
	thin    [classes]int32 // the first thin run of each class
	gone    []uint8        // runs of each region whose memory was given back
	empty   []int32        // runs without pieces
	dirty   int            // of the empty ones, the last: those whose memory was not given back
	numbers []uint32       // of big that are free
	limbo   []Loc          // freed, not to be handed out yet

	thinRuns int
	pins     int
	used     uint64
}

// mappings are an arena's mappings, for when the arena is gone.
type mappings struct{ chunks [][]byte }

// NewArena returns an empty arena. Its memory is given back when it is no longer reachable.
func NewArena() *Arena {
	a := &Arena{mapped: &mappings{}, runs: make([]run, 1)}
	a.big = [][]byte{nil}
	runtime.AddCleanup(a, func(m *mappings) {
		for _, c := range m.chunks {
			unmapped(c)
		}
	}, a.mapped)
	return a
}

// Put stores content and returns where.
func (a *Arena) Put(content []byte) Loc {
	var head [binary.MaxVarintLen64]byte
	used := binary.PutUvarint(head[:], uint64(len(content)))
	l, b := a.alloc(used + len(content))
	copy(b, head[:used])
	copy(b[used:], content)
	return l
}

// alloc returns a piece of at least n bytes, with whatever is in it.
func (a *Arena) alloc(n int) (Loc, []byte) {
	if n > largest || len(a.chunks) == maxChunks && len(a.empty) == 0 {
		return a.allocBig(n)
	}
	class := classOf(n)
	size := sizeOf(class)
	at := a.room[class]
	if at == 0 {
		at = a.thicken(class)
	}
	if at == 0 {
		at = a.takeRun(class)
	}
	r := &a.runs[at]
	var l Loc
	if l = r.free; l != 0 {
		r.free = Loc(binary.LittleEndian.Uint32(a.piece(l)))
	} else {
		l = locOf(at) + Loc(int(r.fresh)*size/unit)
		r.fresh++
	}
	r.live++
	a.used += uint64(size)
	if int(r.live) == runBytes/size {
		a.unlink(at)
	}
	return l, a.piece(l)[:size:size]
}

// locOf is where a run begins. Runs are numbered from 1 as the chunks come, so that no piece is at 0: the first run of the first
// chunk is left out.
func locOf(at int32) Loc { return Loc(at) * runUnits }

// takeRun gives a class a run.
func (a *Arena) takeRun(class int) int32 {
	if len(a.empty) == 0 {
		c := a.fresh()
		a.chunks = append(a.chunks, c)
		a.mapped.chunks = append(a.mapped.chunks, c)
		for len(a.runs) < len(a.chunks)*chunkRuns {
			a.runs = append(a.runs, run{class: unused})
		}
		a.gone = append(a.gone, make([]uint8, chunkBytes/regionBytes)...)
		for at := len(a.runs) - 1; at >= max(1, len(a.runs)-chunkRuns); at-- {
			a.empty = append(a.empty, int32(at))
		}
		a.dirty = 0
	}
	at := a.empty[len(a.empty)-1]
	a.empty = a.empty[:len(a.empty)-1]
	a.dirty = max(a.dirty-1, 0)
	a.takeBack(at)
	a.runs[at] = run{class: int16(class)}
	a.link(at)
	return at
}

// list is where the list begins that a run is in.
func (a *Arena) list(r *run) *int32 {
	if r.thin {
		return &a.thin[r.class]
	}
	return &a.room[r.class]
}

func (a *Arena) link(at int32) {
	r := &a.runs[at]
	head := a.list(r)
	r.next, r.prev = *head, 0
	if *head != 0 {
		a.runs[*head].prev = at
	}
	*head = at
}

func (a *Arena) unlink(at int32) {
	r := &a.runs[at]
	if r.prev != 0 {
		a.runs[r.prev].next = r.next
	} else {
		*a.list(r) = r.next
	}
	if r.next != 0 {
		a.runs[r.next].prev = r.prev
	}
}

func (a *Arena) allocBig(n int) (Loc, []byte) {
	b := make([]byte, n)
	a.used += uint64(n)
	if last := len(a.numbers) - 1; last >= 0 {
		number := a.numbers[last]
		a.numbers = a.numbers[:last]
		a.big[number] = b
		return bigLoc | Loc(number), b
	}
	a.big = append(a.big, b)
	return bigLoc | Loc(len(a.big)-1), b
}

// Free lets go of a piece. Its content stays until Flush.
func (a *Arena) Free(l Loc) { a.limbo = append(a.limbo, l) }

// maxFlush bounds how many pieces one Flush reclaims, so that the end of a long pin holds up nobody.
const maxFlush = 1 << 14

// Flush makes freed pieces available again, unless the arena is pinned.
func (a *Arena) Flush() {
	if a.pins > 0 {
		return
	}
	keep := max(0, len(a.limbo)-maxFlush)
	for _, l := range a.limbo[keep:] {
		a.reclaim(l)
	}
	a.limbo = a.limbo[:keep]
	if keep == 0 && cap(a.limbo) > 4*maxFlush {
		a.limbo = nil
	}
}

func (a *Arena) reclaim(l Loc) {
	if l&bigLoc != 0 {
		number := uint32(l &^ bigLoc)
		a.used -= uint64(len(a.big[number]))
		a.big[number] = nil
		a.numbers = append(a.numbers, number)
		return
	}
	at := int32(l / runUnits)
	r := &a.runs[at]
	size := sizeOf(int(r.class))
	a.used -= uint64(size)
	if int(r.live) == runBytes/size {
		a.link(at)
	}
	r.live--
	if r.live == 0 {
		a.unlink(at)
		a.release(at)
		return
	}
	binary.LittleEndian.PutUint32(a.piece(l), uint32(r.free))
	r.free = l
	a.thinner(at)
}

// maxDirty is how many empty runs keep their memory.
const maxDirty = 32

// release takes back a run without pieces.
func (a *Arena) release(at int32) {
	if a.runs[at].thin {
		a.thinRuns--
	}
	a.runs[at] = run{class: unused}
	if a.dirty == maxDirty {
		a.giveBack(a.empty[len(a.empty)-a.dirty])
		a.dirty--
	}
	a.empty = append(a.empty, at)
	a.dirty++
}

// Pin keeps everything that is stored from being handed out again, or written over in place, until Unpin. The View that it returns stays readable till then.
func (a *Arena) Pin() View {
	a.pins++
	return a.View
}

// Unpin ends a Pin.
func (a *Arena) Unpin() { a.pins-- }

// Used is what the pieces take that are handed out or in limbo; Reserved is what is mapped for them, resident or not.
func (a *Arena) Used() uint64 { return a.used }

// Reserved is the size of all mappings.
func (a *Arena) Reserved() uint64 { return uint64(len(a.chunks)) * chunkBytes }

// Keep holds the arena's memory up to the call.
func (a *Arena) Keep() { runtime.KeepAlive(a) }
