package bench

import (
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/bench/latency"
)

// series is what one operation came to, as one worker or all of them saw it.
type series struct {
	latency.Histogram // of those that succeeded
	errors            [len(sessnode.Codes)]uint64
}

func (s *series) merge(other *series) {
	s.Histogram.Merge(&other.Histogram)
	for code, n := range other.errors {
		s.errors[code] += n
	}
}

// failed counts the errors of all codes.
func (s *series) failed() uint64 {
	sum := uint64(0)
	for _, n := range s.errors {
		sum += n
	}
	return sum
}

// tally is one worker's record. Only the worker writes to it; ok and failed may be read meanwhile.
type tally struct {
	ok, failed atomic.Uint64 // while measured and in the warm-up alike
	by         [operations]*series

	warmUpErrors uint64
	started      uint64    // measured operations that were begun
	late         uint64    // of those: begun later than they were due
	last         time.Time // when the last measured operation ended
}

func newTally(w Workload) *tally {
	t := &tally{}
	for o, share := range w.shares {
		if share > 0 {
			t.by[o] = &series{}
		}
	}
	return t
}

// count records an operation's outcome.
func (t *tally) count(o Operation, code sessnode.Code, took time.Duration, ended time.Time, measured bool) {
	if code == sessnode.OK {
		t.ok.Add(1)
	} else {
		t.failed.Add(1)
	}
	switch {
	case !measured && code != sessnode.OK:
		t.warmUpErrors++
	case !measured:
	case code == sessnode.OK:
		t.by[o].Record(took)
		t.last = ended
	default:
		t.by[o].errors[code]++
		t.last = ended
	}
}

// merge adds another worker's record. Live counts are left alone.
func (t *tally) merge(other *tally) {
	for o, s := range other.by {
		if s != nil {
			t.by[o].merge(s)
		}
	}
	t.warmUpErrors += other.warmUpErrors
	t.started += other.started
	t.late += other.late
	if other.last.After(t.last) {
		t.last = other.last
	}
}
