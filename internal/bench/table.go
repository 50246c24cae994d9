package bench

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sessnode/sessnode/internal/term"
)

// Table shows a report's rows. On a terminal columns that say nothing are left out; for programs (people false) all are
// there, and numbers have no commas. wide adds the slowest and the fastest round, the mean and the shortest latency.
func (r Report) Table(people, wide bool) *term.Table {
	columns := []column{
		{"operation", false, func(w Row) string { return operationOf(w, people) }},
		{"clients", true, func(w Row) string { return strconv.Itoa(w.Clients) }},
	}
	rows := Rows(r.Runs)
	if !people {
		columns = append([]column{{"workload", false, func(w Row) string { return w.Workload }}}, columns...)
	}
	if !people || slices.ContainsFunc(rows, func(w Row) bool { return w.Route != rows[0].Route }) {
		columns = append(columns, column{"through", false, func(w Row) string { return w.Route }})
	}
	columns = append(columns, column{"ops/s", true, func(w Row) string { return rate(w.PerSecond, people) }})
	if wide {
		columns = append(columns, column{"least", true, func(w Row) string { return rate(w.Least, people) }},
			column{"most", true, func(w Row) string { return rate(w.Most, people) }}, milliseconds("min", func(l Latency) float64 { return l.Min }),
			milliseconds("mean", func(l Latency) float64 { return l.Mean }))
	}
	columns = append(columns, milliseconds("p50", func(l Latency) float64 { return l.P50 }), milliseconds("p95", func(l Latency) float64 { return l.P95 }),
		milliseconds("p99", func(l Latency) float64 { return l.P99 }), milliseconds("p99.9", func(l Latency) float64 { return l.P999 }),
		milliseconds("max", func(l Latency) float64 { return l.Max }),
		column{"errors", true, func(w Row) string { return count(w.Failed()-w.Unknown, people) }},
		column{"unknown", true, func(w Row) string { return count(w.Unknown, people) }})
	return tableOf(columns, rows)
}

type column struct {
	name  string
	right bool
	cell  func(Row) string
}

func tableOf(columns []column, rows []Row) *term.Table {
	headers := make([]string, len(columns))
	for i, c := range columns {
		headers[i] = c.name
	}
	t := term.NewTable(headers...)
	for i, c := range columns {
		if c.right {
			t.Right(i)
		}
	}
	for _, row := range rows {
		cells := make([]string, len(columns))
		for i, c := range columns {
			cells[i] = c.cell(row)
		}
		t.Row(cells...)
	}
	return t
}

// operationOf names a row. The operations of a mixture stand behind it.
func operationOf(w Row, people bool) string {
	switch {
	case !people:
		return w.Operation
	case w.Operation == "all":
		return w.Workload
	case w.Operation != w.Workload:
		return "  " + w.Operation
	}
	return w.Operation
}

func milliseconds(name string, of func(Latency) float64) column {
	return column{name, true, func(w Row) string { return millis(of(w.Latency)) }}
}

// millis writes seconds as milliseconds, with three digits that count.
func millis(seconds float64) string {
	switch ms := seconds * 1000; {
	case ms == 0:
		return "0"
	case ms < 9.995:
		return strconv.FormatFloat(ms, 'f', 2, 64)
	case ms < 99.95:
		return strconv.FormatFloat(ms, 'f', 1, 64)
	default:
		return strconv.FormatFloat(ms, 'f', 0, 64)
	}
}

func rate(perSecond float64, people bool) string { return count(uint64(perSecond+0.5), people) }

func count(n uint64, people bool) string {
	if people {
		return term.Count(n)
	}
	return strconv.FormatUint(n, 10)
}

// Remarks says in sentences what the table does not show: how it was measured, which errors there were, and the notes of
// the runs.
func (r Report) Remarks() []string {
	var list []string
	s := r.Settings
	loop := "closed loop"
	if s.Rate > 0 {
		loop = fmt.Sprintf("open loop of %g/s, from when due", s.Rate)
	}
	rounds := ""
	if s.Rounds > 1 {
		rounds = fmt.Sprintf("; medians of %d rounds", s.Rounds)
	}
	list = append(list, fmt.Sprintf("Latencies in milliseconds; %s; %g s a run after %g s of warm-up.", loop, s.DurationSeconds, s.WarmUpSeconds),
		fmt.Sprintf("%s bytes in four attributes; %s sessions, %s%s.", term.Count(uint64(s.PayloadBytes)), term.Count(uint64(s.Sessions)), s.Distribution, rounds))
	for _, row := range Rows(r.Runs) {
		if row.Failed() > 0 && row.Operation != "all" {
			list = append(list, fmt.Sprintf("%s: failed: %s", nameOf(row), failures(row)))
		}
	}
	for _, run := range r.Runs {
		for _, note := range run.Notes {
			list = append(list, fmt.Sprintf("%s: %s", run.name(s.Rounds), note))
		}
	}
	return list
}

func failures(row Row) string {
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(row.Errors)) {
		parts = append(parts, fmt.Sprintf("%s %s", code, term.Count(row.Errors[code])))
	}
	if row.Unknown > 0 {
		parts = append(parts, "unknown "+term.Count(row.Unknown))
	}
	return strings.Join(parts, ", ")
}

func nameOf(w Row) string {
	name := w.Operation
	if w.Operation != w.Workload {
		name = w.Workload + ", " + w.Operation
	}
	return fmt.Sprintf("%s, %s, through %s", name, clients(w.Clients), w.Route)
}

func (r Run) name(rounds int) string {
	name := fmt.Sprintf("%s, %s, through %s", r.Workload, clients(r.Clients), r.Route)
	if rounds > 1 {
		name += fmt.Sprintf(", round %d", r.Round)
	}
	return name
}

func clients(n int) string {
	if n == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", n)
}

// Line says in one line what a run came to.
func (r Run) Line() string {
	text := fmt.Sprintf("%s: %s/s, p50 %s ms, p99 %s ms", r.name(r.Round), term.Count(uint64(r.Total.PerSecond+0.5)),
		millis(r.Total.Latency.P50), millis(r.Total.Latency.P99))
	if failed := r.Total.Failed(); failed > 0 {
		text += fmt.Sprintf(", %s failed", term.Count(failed))
	}
	return text
}
