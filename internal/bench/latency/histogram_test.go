package latency

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// durations draws samples over all sizes: the logarithm is uniform, and many values are equal.
func durations() *rapid.Generator[[]time.Duration] {
	one := rapid.Custom(func(t *rapid.T) time.Duration {
		top := rapid.IntRange(0, doublings+subBits).Draw(t, "bits")
		return time.Duration(rapid.Int64Range(0, 1<<top).Draw(t, "ns"))
	})
	return rapid.SliceOfN(one, 1, 300)
}

func recorded(samples []time.Duration) *Histogram {
	h := &Histogram{}
	for _, d := range samples {
		h.Record(d)
	}
	return h
}

func TestQuantilesAreWithinTheRelativeErrorOfTheSortedSamples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := durations().Draw(t, "samples")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		h := recorded(samples)
		slices.Sort(samples)
		rank := min(max(int(math.Ceil(q*float64(len(samples)))), 1), len(samples))
		want, got := samples[rank-1], h.Quantile(q)
		if off := math.Abs(float64(got - want)); off > RelativeError*float64(want) {
			t.Errorf("Quantile(%v) of %d samples = %v, want %v within %.2f %%", q, len(samples), got, want, 100*RelativeError)
		}
	})
}

func TestCountMinMaxAndMeanAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := durations().Draw(t, "samples")
		h := recorded(samples)
		sum := 0.0
		for _, d := range samples {
			sum += float64(d)
		}
		mean := time.Duration(sum / float64(len(samples)))
		if h.Count() != uint64(len(samples)) || h.Max() != slices.Max(samples) || h.Min() != slices.Min(samples) || h.Mean() != mean {
			t.Errorf("count, min, max, mean = %d, %v, %v, %v, want %d, %v, %v, %v", h.Count(), h.Min(), h.Max(), h.Mean(),
				len(samples), slices.Min(samples), slices.Max(samples), mean)
		}
		if got := h.Quantile(1); got != h.Max() {
			t.Errorf("Quantile(1) = %v, want the longest, %v", got, h.Max())
		}
	})
}

func TestMergingIsAsRecordingAllInOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := durations().Draw(t, "a"), rapid.OneOf(durations(), rapid.Just([]time.Duration(nil))).Draw(t, "b")
		merged := recorded(a)
		merged.Merge(recorded(b))
		whole := recorded(append(slices.Clone(a), b...))
		if merged.counts != whole.counts || merged.count != whole.count || merged.least != whole.least || merged.most != whole.most {
			t.Errorf("merged %+v, want %+v", merged, whole)
		}
	})
}

func TestBucketsCoverEveryValueOnceAndInOrder(t *testing.T) {
	next := int64(0)
	for i := range buckets {
		low, width := bounds(i)
		if low != next {
			t.Fatalf("bucket %d begins at %d, want %d: no gap, no overlap", i, low, next)
		}
		if first, last := bucketOf(uint64(low)), bucketOf(uint64(low+width-1)); first != i || last != i {
			t.Fatalf("values %d and %d fall into %d and %d, want %d", low, low+width-1, first, last, i)
		}
		next = low + width
	}
	if got := bucketOf(math.MaxInt64); got != buckets-1 {
		t.Errorf("the longest duration falls into %d, want the last, %d", got, buckets-1)
	}
}

func TestBucketsLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := durations().Draw(t, "samples")
		total := uint64(0)
		last := time.Duration(-1)
		for b := range recorded(samples).Buckets() {
			if b.From <= last || b.To <= b.From || b.Count == 0 {
				t.Errorf("bucket %+v after one from %v", b, last)
			}
			last, total = b.From, total+b.Count
		}
		if total != uint64(len(samples)) {
			t.Errorf("buckets hold %d, want %d", total, len(samples))
		}
	})
}

func TestAnEmptyHistogramHasNoQuantiles(t *testing.T) {
	h := &Histogram{}
	if h.Quantile(0.5) != 0 || h.Quantile(1) != 0 || h.Max() != 0 || h.Mean() != 0 {
		t.Errorf("of nothing: %v, %v, %v, %v, want zeros", h.Quantile(0.5), h.Quantile(1), h.Max(), h.Mean())
	}
}

func TestAClockThatWentBackCountsAsZero(t *testing.T) {
	h := recorded([]time.Duration{-time.Second})
	if h.Count() != 1 || h.Max() != 0 {
		t.Errorf("count, max = %d, %v, want 1, 0", h.Count(), h.Max())
	}
}

func TestRecordingNeverAllocates(t *testing.T) {
	h := &Histogram{}
	d := time.Microsecond
	if n := testing.AllocsPerRun(1000, func() { h.Record(d); d += 7 * time.Microsecond }); n != 0 {
		t.Errorf("Record allocates %v times", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	h := &Histogram{}
	for i := 0; b.Loop(); i++ {
		h.Record(time.Duration(i&0xfffff) * 17)
	}
}
