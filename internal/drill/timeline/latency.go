package timeline

import (
	"cmp"
	"slices"
	"time"

	"github.com/sessnode/sessnode/internal/drill/history"
	"github.com/sessnode/sessnode/internal/drill/result"
)

// Latencies returns the percentiles of acknowledged operations that began before, during and after the fault, reads and writes each.
// A phase in which nothing of a kind was acknowledged has no row.
func Latencies(ops []history.Op, before, during, after Span) []result.Latency {
	var rows []result.Latency
	for _, phase := range []struct {
		name string
		span Span
	}{{"before", before}, {"during", during}, {"after", after}} {
		for _, writes := range []bool{false, true} {
			var took []time.Duration
			for i := range ops {
				if op := &ops[i]; op.OK() && op.Writes() == writes && phase.span.Holds(op.Began) {
					took = append(took, op.Return-op.Began)
				}
			}
			if len(took) > 0 {
				rows = append(rows, row(phase.name, writes, took))
			}
		}
	}
	return rows
}

func row(phase string, writes bool, took []time.Duration) result.Latency {
	slices.Sort(took)
	kind := "read"
	if writes {
		kind = "write"
	}
	at := func(share float64) float64 { return MS(took[min(len(took)-1, int(share*float64(len(took))))]) }
	return result.Latency{Phase: phase, Kind: kind, Count: len(took), P50MS: at(0.50), P99MS: at(0.99), MaxMS: MS(took[len(took)-1])}
}

// Points samples operations for a picture: at most limit of them, with all that were not answered at the first try and the slowest of
// the rest kept, and the others thinned evenly.
func Points(ops []history.Op, limit int) []result.Point {
	var keep, rest []result.Point
	for i := range ops {
		op := &ops[i]
		p := result.Point{AtMS: MS(op.Return), TookMS: MS(op.Return - op.Began), Write: op.Writes(), Outcome: outcome(op)}
		if p.Outcome == okay {
			rest = append(rest, p)
		} else {
			keep = append(keep, p)
		}
	}
	keep = thin(keep, limit/2)
	slices.SortStableFunc(rest, func(a, b result.Point) int { return -cmp.Compare(a.TookMS, b.TookMS) })
	slowest := min(len(rest), limit/10)
	keep = append(append(keep, rest[:slowest]...), thin(rest[slowest:], limit-len(keep)-slowest)...)
	slices.SortStableFunc(keep, func(a, b result.Point) int { return cmp.Compare(a.AtMS, b.AtMS) })
	return keep
}

// thin keeps at most n of the points, evenly spread over their order.
func thin(points []result.Point, n int) []result.Point {
	if len(points) <= n {
		return points
	}
	kept := make([]result.Point, 0, max(n, 0))
	for i := range max(n, 0) {
		kept = append(kept, points[i*len(points)/n])
	}
	return kept
}
