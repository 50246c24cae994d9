package bench

import (
	"cmp"
	"math"
	"slices"
)

// place names a cell of all repetitions.
type place struct {
	system, route, workload, distribution string
	clients                               int
}

func placeOf(c Cell) place { return place{c.System, c.Route, c.Workload, c.Distribution, c.Clients} }

// median is the middle value; of an even number the lower of the two in the middle, as package load has it. NaN where there is none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}

// of gathers one figure of a place over the repetitions, in their order.
func (r *Report) of(p place, figure func(Cell) float64) []float64 {
	var values []float64
	for _, c := range r.Cells {
		if placeOf(c) == p {
			values = append(values, figure(c))
		}
	}
	return values
}

// summary is the medians of a place.
type summary struct {
	place
	rounds           int
	rate, p50, p99   float64
	cpu, generator   float64
	resident, failed float64 // failed: of all repetitions together
	least, most      float64 // operations a second in the slowest and the fastest repetition
}

// summarize takes the medians of a place; each is that of its own.
func (r *Report) summarize(p place) (summary, bool) {
	rates := r.of(p, rate)
	if len(rates) == 0 {
		return summary{}, false
	}
	s := summary{place: p, rounds: len(rates), rate: median(rates), least: slices.Min(rates), most: slices.Max(rates)}
	s.p50 = median(r.of(p, func(c Cell) float64 { return c.P50 }))
	s.p99 = median(r.of(p, func(c Cell) float64 { return c.P99 }))
	s.cpu = median(r.of(p, func(c Cell) float64 { return c.CPU }))
	s.generator = median(r.of(p, func(c Cell) float64 { return c.GeneratorCPU }))
	s.resident = median(r.of(p, func(c Cell) float64 { return float64(c.Resident) }))
	for _, n := range r.of(p, func(c Cell) float64 { return float64(c.Failed) }) {
		s.failed += n
	}
	return s, true
}

func rate(c Cell) float64 { return c.PerSecond }

// clients lists the numbers of clients that were measured.
func (r *Report) clients() []int {
	var all []int
	for _, c := range r.Cells {
		if !slices.Contains(all, c.Clients) {
			all = append(all, c.Clients)
		}
	}
	slices.Sort(all)
	return all
}

// line is a system by one of its routes: one line of a table.
type line struct{ system, route, title string }

// lines lists what was measured, in the order of the catalog.
func (r *Report) lines() []line {
	var all []line
	for _, s := range r.Systems {
		for _, route := range s.Routes {
			title := s.Title
			if len(s.Routes) > 1 {
				title += map[string]string{"leader": ", through the leader", "all": ", through any node"}[route]
			}
			all = append(all, line{s.Name, route, title})
		}
	}
	order := map[string]int{}
	for i, s := range Catalog() {
		order[s.Name] = i
	}
	slices.SortStableFunc(all, func(a, b line) int { return cmp.Compare(order[a.system], order[b.system]) })
	return all
}

// workloads lists what was measured, in the order of the first cells.
func (r *Report) workloads() []string {
	var all []string
	for _, c := range r.Cells {
		if !slices.Contains(all, c.Workload) {
			all = append(all, c.Workload)
		}
	}
	return all
}
