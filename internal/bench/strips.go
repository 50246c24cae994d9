package bench

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/sessnode/sessnode/internal/term"
)

// blocks draw an eighth to eight eighths of a line.
var blocks = []rune("▁▂▃▄▅▆▇█")

const (
	leastPerDecade = 4
	mostPerDecade  = 30
)

// Strips draws the latencies of each row as a strip of block characters, all over one logarithmic axis, so that one can be
// held against the other. Each strip is scaled to its own peak; whatever was counted at all shows. Nil where there is nothing.
func (r Report) Strips(s term.Screen) []string {
	rows := Rows(r.Runs)
	low, high := math.Inf(1), math.Inf(-1)
	label := 0
	for _, row := range rows {
		for _, b := range row.Histogram {
			low, high = min(low, b.middle()), max(high, b.middle())
		}
		label = max(label, term.Width(stripName(row)))
	}
	if math.IsInf(low, 1) {
		return nil
	}
	first, last := int(math.Floor(math.Log10(low))), int(math.Floor(math.Log10(high)))+1
	perDecade := min(max((s.Width-label-2)/(last-first), leastPerDecade), mostPerDecade)
	lines := []string{s.Dim(axis(label, first, last, perDecade))}
	for _, row := range rows {
		if len(row.Histogram) > 0 {
			lines = append(lines, term.Pad(stripName(row), label)+"  "+strip(s, row.Histogram, first, (last-first)*perDecade, perDecade, row.Latency.P99))
		}
	}
	if s.Color {
		lines = append(lines, s.Dim(strings.Repeat(" ", label+2)+"yellow: the slowest hundredth"))
	}
	return lines
}

// middle is where a bar stands on the axis; nothing stands below a nanosecond.
func (b Bar) middle() float64 { return max((b.From+b.To)/2, 1e-9) }

func stripName(w Row) string {
	name := fmt.Sprintf("%s %d", operationOf(w, true), w.Clients)
	if w.Route != "all" {
		name += " " + w.Route
	}
	return name
}

// axis writes the beginning of each decade above its columns.
func axis(label, first, last, perDecade int) string {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", label+2))
	for decade := first; decade < last; decade++ {
		b.WriteString(term.Pad("│"+term.Duration(time.Duration(math.Round(math.Pow10(decade+9)))), perDecade))
	}
	return strings.TrimRight(b.String(), " ")
}

// strip draws one row. What is slower than the 99th percentile stands back.
func strip(s term.Screen, bars []Bar, first, width, perDecade int, p99 float64) string {
	counts := make([]float64, width)
	place := func(at float64) int {
		return min(max(int((math.Log10(at)-float64(first))*float64(perDecade)), 0), width-1)
	}
	peak := 0.0
	for _, b := range bars {
		c := &counts[place(b.middle())]
		*c += float64(b.Count)
		peak = max(peak, *c)
	}
	tail := place(max(p99, 1e-9))
	var body, behind strings.Builder
	for i, n := range counts {
		mark := ' '
		if n > 0 {
			mark = blocks[min(int(n/peak*float64(len(blocks))), len(blocks)-1)]
		}
		if i <= tail {
			body.WriteRune(mark)
		} else {
			behind.WriteRune(mark)
		}
	}
	return body.String() + s.Yellow(strings.TrimRight(behind.String(), " "))
}
