package clock

import "slices"

// pull returns how far the stamp should move, out of how far each voter's wall clock is ahead of it (nanoseconds, negative
// = behind).
//
// It is the median over all voters, where a voter that has not been heard lately votes for the stamp as it is (zero): with
// two of three clocks known the stamp moves only as far as both agree. Of the two middle values of an even number the one
// nearer to zero counts, and none when they disagree about the direction.
func pull(ahead []int64, voters int) int64 {
	if voters == 0 || len(ahead) == 0 {
		return 0
	}
	all := slices.Clone(ahead)
	for len(all) < voters {
		all = append(all, 0)
	}
	slices.Sort(all)
	upper := all[len(all)/2]
	if len(all)%2 == 1 {
		return upper
	}
	lower := all[len(all)/2-1]
	switch {
	case lower > 0:
		return lower
	case upper < 0:
		return upper
	}
	return 0
}
