package slab

// A region is what a huge page covers. While some of its runs have no memory, because it was given back, it is not to be one: the
// system would fill up what is missing.
const (
	regionBytes = 2 << 20
	regionRuns  = regionBytes / runBytes
)

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
	if a.gone[number]--; a.gone[number] == 0 {
		huge(a.region(number), true)
	}
	a.runs[at].gone = false
}
