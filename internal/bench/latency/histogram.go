package latency

import (
	"iter"
	"math"
	"math/bits"
	"time"
)

const (
	// perDoubling is how many buckets each doubling of the time has. Below two doublings of it, in nanoseconds, every value
	// has a bucket of its own.
	perDoubling = 1 << subBits
	subBits     = 5

	// doublings is how far buckets go above that: 2^44 ns, almost five hours. What takes longer is counted in the last one.
	doublings = 38

	buckets = (doublings + 2) * perDoubling
)

// RelativeError is by how much of itself a quantile may be off: half of a bucket's width.
const RelativeError = 1.0 / (2 * perDoubling)

// Histogram counts durations. The zero value is empty and ready.
type Histogram struct {
	counts [buckets]uint64
	count  uint64
	sum    float64 // ns
	least  int64   // ns, of all
	most   int64
}

// Record counts one duration. A negative one, as a clock that was set back may show, counts as zero. It never allocates.
func (h *Histogram) Record(d time.Duration) {
	ns := max(int64(d), 0)
	h.counts[bucketOf(uint64(ns))]++
	if h.count == 0 || ns < h.least {
		h.least = ns
	}
	h.most = max(h.most, ns)
	h.count++
	h.sum += float64(ns)
}

// Merge adds what another histogram counted.
func (h *Histogram) Merge(other *Histogram) {
	if other.count == 0 {
		return
	}
	for i, n := range other.counts {
		h.counts[i] += n
	}
	if h.count == 0 || other.least < h.least {
		h.least = other.least
	}
	h.most = max(h.most, other.most)
	h.count += other.count
	h.sum += other.sum
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.count }

// Max returns the longest, exactly; 0 of none.
func (h *Histogram) Max() time.Duration { return time.Duration(h.most) }

// Min returns the shortest, exactly; 0 of none.
func (h *Histogram) Min() time.Duration { return time.Duration(h.least) }

// Mean returns the average, exactly but for rounding; 0 of none.
func (h *Histogram) Mean() time.Duration {
	if h.count == 0 {
		return 0
	}
	return time.Duration(h.sum / float64(h.count))
}

// Quantile returns the duration that the part q of all, 0 to 1, did not exceed: the nearest rank, within RelativeError. It
// is 0 of none; at 1 it is Max.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.count == 0 {
		return 0
	}
	rank := uint64(math.Ceil(min(max(q, 0), 1) * float64(h.count)))
	rank = min(max(rank, 1), h.count)
	if rank == h.count {
		return h.Max()
	}
	var seen uint64
	for i, n := range h.counts {
		if seen += n; seen >= rank {
			low, width := bounds(i)
			return time.Duration(min(max(low+(width-1)/2, h.least), h.most))
		}
	}
	return h.Max()
}

// Bucket is one range of durations and how many fell into it.
type Bucket struct {
	From, To time.Duration // From is in it, To is not
	Count    uint64
}

// Buckets goes through the buckets that are not empty, shortest first.
func (h *Histogram) Buckets() iter.Seq[Bucket] {
	return func(yield func(Bucket) bool) {
		for i, n := range h.counts {
			if n == 0 {
				continue
			}
			low, width := bounds(i)
			if !yield(Bucket{time.Duration(low), time.Duration(low + width), n}) {
				return
			}
		}
	}
}

// bucketOf returns the bucket of a number of nanoseconds: its leading subBits+1 bits choose.
func bucketOf(ns uint64) int {
	shift := max(bits.Len64(ns)-subBits-1, 0)
	return min(shift*perDoubling+int(ns>>shift), buckets-1)
}

// bounds returns the smallest value of a bucket, and how many values it has.
func bounds(bucket int) (low, width int64) {
	if bucket < 2*perDoubling {
		return int64(bucket), 1
	}
	shift := bucket/perDoubling - 1
	return int64(bucket%perDoubling+perDoubling) << shift, 1 << shift
}
