package bench

import (
	"cmp"
	"maps"
	"slices"
)

// Row is one line of a result: an operation of a run, or the medians of it over all rounds.
type Row struct {
	Workload, Route, Operation string // Operation is "all" for the whole run
	Clients, Rounds            int
	PerSecond                  float64
	Least, Most                float64 // operations a second, in the slowest and the fastest round
	Latency                    Latency
	Errors                     map[string]uint64 // of all rounds together, as Unknown
	Unknown                    uint64
	Histogram                  []Bar // of all rounds together
}

// Rows gathers runs of different rounds. Each figure is the median of its own; of an even number of rounds the lower middle
// one. The order is that of the first round. A workload of several operations has a row for all of them first.
func Rows(runs []Run) []Row {
	var order []runKey
	byKey := map[runKey][]Measurement{}
	for _, r := range runs {
		list := r.Operations
		if len(list) > 1 {
			list = append([]Measurement{r.Total}, list...)
		}
		for _, m := range list {
			k := runKey{r.Workload, r.Route, m.Operation, r.Clients}
			if byKey[k] == nil {
				order = append(order, k)
			}
			byKey[k] = append(byKey[k], m)
		}
	}
	rows := make([]Row, 0, len(order))
	for _, k := range order {
		rows = append(rows, rowOf(k, byKey[k]))
	}
	return rows
}

type runKey struct {
	workload, route, operation string
	clients                    int
}

func rowOf(k runKey, rounds []Measurement) Row {
	r := Row{Workload: k.workload, Route: k.route, Operation: k.operation, Clients: k.clients, Rounds: len(rounds), Errors: map[string]uint64{}}
	median := func(of func(Measurement) float64) float64 {
		values := make([]float64, len(rounds))
		for i, m := range rounds {
			values[i] = of(m)
		}
		slices.Sort(values)
		return values[(len(values)-1)/2]
	}
	rate := func(m Measurement) float64 { return m.PerSecond }
	r.PerSecond = median(rate)
	byRate := func(a, b Measurement) int { return cmp.Compare(a.PerSecond, b.PerSecond) }
	r.Least, r.Most = rate(slices.MinFunc(rounds, byRate)), rate(slices.MaxFunc(rounds, byRate))
	r.Latency = Latency{
		Mean: median(func(m Measurement) float64 { return m.Latency.Mean }), Min: median(func(m Measurement) float64 { return m.Latency.Min }),
		P50: median(func(m Measurement) float64 { return m.Latency.P50 }), P95: median(func(m Measurement) float64 { return m.Latency.P95 }),
		P99: median(func(m Measurement) float64 { return m.Latency.P99 }), P999: median(func(m Measurement) float64 { return m.Latency.P999 }),
		Max: median(func(m Measurement) float64 { return m.Latency.Max }),
	}
	bars := map[Bar]uint64{} // by their bounds
	for _, m := range rounds {
		for _, b := range m.Histogram {
			bars[Bar{From: b.From, To: b.To}] += b.Count
		}
		r.Unknown += m.Unknown
		for code, n := range m.Errors {
			r.Errors[code] += n
		}
	}
	for b, n := range bars {
		r.Histogram = append(r.Histogram, Bar{b.From, b.To, n})
	}
	slices.SortFunc(r.Histogram, func(a, b Bar) int { return cmp.Compare(a.From, b.From) })
	return r
}

// Failed counts what did not succeed.
func (r Row) Failed() uint64 {
	sum := r.Unknown
	for n := range maps.Values(r.Errors) {
		sum += n
	}
	return sum
}
