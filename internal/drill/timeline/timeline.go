// Package timeline turns what clients saw into what a report draws: availability in slots of time, times without an acknowledged
// write, latencies, and a sample of single operations. All of it is pure: from recorded operations to numbers.
//
// Availability is the clients': an operation whose outcome stayed unknown counts as not available, though nothing is lost.
package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/sessnode/sessnode/internal/drill/history"
	"github.com/sessnode/sessnode/internal/drill/result"
)

// Slot is the width of a slot of time.
const Slot = 100 * time.Millisecond

// Span is a part of the drill, on the recorder's clock.
type Span struct{ From, To time.Duration }

// Length returns how long it is.
func (s Span) Length() time.Duration { return s.To - s.From }

// Holds reports whether a moment lies in it.
func (s Span) Holds(at time.Duration) bool { return at >= s.From && at < s.To }

// Overlap returns how long two spans have in common.
func (s Span) Overlap(o Span) time.Duration { return max(0, min(s.To, o.To)-max(s.From, o.From)) }

// MS writes a moment as reports do.
func MS(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// Slots counts operations by the slot in which they ended, from 0 to the end of the span.
func Slots(ops []history.Op, end time.Duration) []result.Slot {
	slots := make([]result.Slot, int(end/Slot)+1)
	for i := range ops {
		op := &ops[i]
		at := int(op.Return / Slot)
		if op.Return < 0 || at >= len(slots) {
			continue
		}
		s := &slots[at]
		switch outcome(op) {
		case okay:
			s.OK++
		case retried:
			s.Retried++
		case refused:
			s.Refused++
		case unknown:
			s.Unknown++
		}
		if op.Outcome == history.Done && op.Kind.Reads() {
			s.Reads++
		}
	}
	return slots
}

// The outcomes of an operation as a report tells them apart.
const (
	okay    = "ok"      // answered at the first try
	retried = "retried" // answered at a later one
	refused = "refused" // certainly not made
	unknown = "unknown"
)

// outcome tells how an operation went. A definite answer that is a refusal by rule, such as a conflict, is an answer.
func outcome(op *history.Op) string {
	switch {
	case op.Outcome == history.Unknown:
		return unknown
	case op.Outcome == history.NotDone:
		return refused
	case len(op.Tries) > 1:
		return retried
	}
	return okay
}

// Gaps returns the times within the span in which no write was acknowledged, of at least the given length, longest first.
func Gaps(ops []history.Op, within Span, least time.Duration) []Span {
	var acked []time.Duration
	for i := range ops {
		if op := &ops[i]; op.Writes() && op.OK() && within.Holds(op.Return) {
			acked = append(acked, op.Return)
		}
	}
	slices.Sort(acked)
	var gaps []Span
	last := within.From
	for _, at := range append(acked, within.To) {
		if at-last >= least {
			gaps = append(gaps, Span{last, at})
		}
		last = at
	}
	slices.SortStableFunc(gaps, func(a, b Span) int { return cmp.Compare(b.Length(), a.Length()) })
	return gaps
}

// AckedWithin counts the operations that were asked and acknowledged within a span.
func AckedWithin(ops []history.Op, within Span) int {
	n := 0
	for i := range ops {
		if op := &ops[i]; op.OK() && op.Began >= within.From && op.Return < within.To {
			n++
		}
	}
	return n
}

// FirstWrite returns when the first write was acknowledged after a moment, and false if none was.
func FirstWrite(ops []history.Op, after time.Duration) (time.Duration, bool) {
	first, found := time.Duration(0), false
	for i := range ops {
		op := &ops[i]
		if op.Writes() && op.OK() && op.Return > after && (!found || op.Return < first) {
			first, found = op.Return, true
		}
	}
	return first, found
}
