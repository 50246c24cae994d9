package main

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
)

// Quantiles are latencies in milliseconds, of requests that succeeded.
type Quantiles struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Max   float64 `json:"max"`
}

func ms(d time.Duration) float64 { return math.Round(d.Seconds()*1e6) / 1e3 }

func quantiles(took []time.Duration) Quantiles {
	if len(took) == 0 {
		return Quantiles{}
	}
	slices.Sort(took)
	at := func(q float64) float64 {
		return ms(took[min(max(int(math.Ceil(q*float64(len(took))))-1, 0), len(took)-1)])
	}
	return Quantiles{Count: len(took), P50: at(0.5), P99: at(0.99), P999: at(0.999), Max: at(1)}
}

// Window is what the load met in a part of its time.
type Window struct {
	Seconds float64              `json:"seconds"`
	Reads   Quantiles            `json:"reads"`
	Writes  Quantiles            `json:"writes"`
	Ops     map[string]Quantiles `json:"ops"`
	Failed  map[string]int       `json:"failed,omitempty"` // by code
	GapMs   float64              `json:"gap_ms"`           // the longest time without a write that succeeded
	GC      GC                   `json:"gc"`
}

// window gathers the requests that were due from one moment of the load to another.
func window(all []sample, from, to time.Duration) Window {
	w := Window{Seconds: (to - from).Seconds(), Ops: map[string]Quantiles{}}
	var reads, writes, done []time.Duration
	byOp := map[op][]time.Duration{}
	for _, s := range all {
		if s.op.writes() && s.code == sessnode.OK && s.done() >= from && s.done() < to {
			done = append(done, s.done())
		}
		if s.due < from || s.due >= to {
			continue
		}
		if s.code != sessnode.OK {
			if w.Failed == nil {
				w.Failed = map[string]int{}
			}
			w.Failed[s.code.Info().Name]++
			continue
		}
		byOp[s.op] = append(byOp[s.op], s.took)
		if s.op.writes() {
			writes = append(writes, s.took)
		} else {
			reads = append(reads, s.took)
		}
	}
	for o, took := range byOp {
		w.Ops[o.String()] = quantiles(took)
	}
	w.Reads, w.Writes = quantiles(reads), quantiles(writes)
	slices.Sort(done)
	last, longest := from, time.Duration(0)
	for _, d := range append(done, to) {
		longest, last = max(longest, d-last), d
	}
	w.GapMs = ms(longest)
	return w
}

// Bin is a short time of the load, for the pictures.
type Bin struct {
	At    float64 `json:"at"` // seconds since the strip's beginning
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Count int     `json:"count"`
	Bad   int     `json:"bad,omitempty"`
}

// mostBins is how fine a picture is.
const mostBins = 160

// bins cuts a part of the load into short times, by when requests were due: writes only.
func bins(all []sample, from, to time.Duration) (list []Bin) {
	width := (to - from) / mostBins
	if width <= 0 {
		return nil
	}
	took, bad := make([][]time.Duration, mostBins), make([]int, mostBins)
	for _, s := range all {
		i := int((s.due - from) / width)
		if s.due < from || i >= mostBins || !s.op.writes() {
			continue
		}
		if s.code == sessnode.OK {
			took[i] = append(took[i], s.took)
		} else {
			bad[i]++
		}
	}
	for i := range took {
		q := quantiles(took[i])
		list = append(list, Bin{At: (time.Duration(i) * width).Seconds(), P50: q.P50, P99: q.P99, Count: q.Count, Bad: bad[i]})
	}
	return list
}

// GC is what the collector did on the leader between two looks at its metrics.
type GC struct {
	Cycles  float64 `json:"cycles"`
	WorstMs float64 `json:"worst_ms"` // upper bound of the longest pause
	CPU     float64 `json:"cpu"`      // share of the process's processor time
	Busy    float64 `json:"busy"`     // processors that the process used, mean
}

const pauseBuckets = "go_sched_pauses_total_gc_seconds_bucket{le=\""

// gcBetween compares two looks at a node's metrics.
func gcBetween(a, b metrics, took time.Duration) (g GC) {
	if a == nil || b == nil || b["process_start_time_seconds"] != a["process_start_time_seconds"] {
		return g // it was restarted between
	}
	g.Cycles = b["go_gc_duration_seconds_count"] - a["go_gc_duration_seconds_count"]
	cpu := b["process_cpu_seconds_total"] - a["process_cpu_seconds_total"]
	if cpu > 0 {
		g.CPU = (b["go_cpu_classes_gc_total_cpu_seconds_total"] - a["go_cpu_classes_gc_total_cpu_seconds_total"] -
			(b["go_cpu_classes_gc_mark_idle_cpu_seconds_total"] - a["go_cpu_classes_gc_mark_idle_cpu_seconds_total"])) / cpu
	}
	g.Busy = cpu / took.Seconds()
	type bound struct{ le, grown float64 }
	var bounds []bound
	for name := range maps.Keys(b) {
		if rest, ok := strings.CutPrefix(name, pauseBuckets); ok {
			le, err := strconv.ParseFloat(strings.TrimSuffix(rest, "\"}"), 64)
			if err == nil {
				bounds = append(bounds, bound{le, b[name] - a[name]})
			}
		}
	}
	slices.SortFunc(bounds, func(x, y bound) int { return cmp.Compare(x.le, y.le) })
	for i, x := range bounds { // cumulative: the longest pause is in the first bucket that has all
		if x.grown > 0 && x.grown == bounds[len(bounds)-1].grown {
			if math.IsInf(x.le, 1) && i > 0 {
				x.le = bounds[i-1].le
			}
			g.WorstMs = math.Round(x.le*1e6) / 1e3
			break
		}
	}
	return g
}
