package slab

// A region is what a huge page covers. While some of its runs have no memory, because it was given back, it is not to be one: the
// system would fill up what is missing.
const (
	regionBytes = 2 << 20
	regionRuns  = regionBytes / runBytes
)

// hugeFrom is the chunk from which on huge pages are asked for: those before have 256 MiB (where the system gives them unasked, it makes no
// difference). Nearly every access to a larger store is to a page
// that no TLB has. A smaller one does better without: a store with ten sessions would take megabytes, and on a virtual machine that tells its
// host which 2 MiB it does not use, a huge page is never there already: 2.4 to 3.0 s a gigabyte, where small pages took 0.5 to 0.6
// (docs/performance/where-time-goes.md).
const hugeFrom = 64

// fresh returns memory for one more chunk.
func (a *Arena) fresh() []byte {
	c := mapped(chunkBytes)
	if len(a.chunks) >= hugeFrom {
		huge(c, true)
	}
	return c
}

func (a *Arena) region(number int32) []byte {
	return a.piece(locOf(number * regionRuns))[:regionBytes]
}

// giveBack gives the memory of a run without pieces back to the system.
func (a *Arena) giveBack(at int32) {
	number := at / regionRuns
	if a.gone[number]++; a.gone[number] == 1 {
		huge(a.region(number), false)
	}
	discard(a.piece(locOf(at))[:runBytes])
	a.runs[at].gone = true
}

// takeBack notes that a run is to be written again.
func (a *Arena) takeBack(at int32) {
	if !a.runs[at].gone {
		return
	}
	number := at / regionRuns
	if a.gone[number]--; a.gone[number] == 0 && int(number) >= hugeFrom*chunkBytes/regionBytes {
		huge(a.region(number), true)
	}
	a.runs[at].gone = false
}
