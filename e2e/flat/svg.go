package main

import (
	"fmt"
	"math"
	"strings"
)

const (
	width, height = 720.0, 150.0
	left, right   = 48.0, 8.0
	top, bottom   = 20.0, 18.0
)

// picture draws the latency of writes over time, on a logarithmic axis, with the event's band behind it.
func picture(title string, e Event) string {
	low, high := math.Inf(1), 1.0
	for _, b := range e.Strip {
		if b.Count > 0 {
			low, high = min(low, b.P50), max(high, b.P99)
		}
	}
	if math.IsInf(low, 1) {
		low = 0.1
	}
	first, last := math.Floor(math.Log10(max(low, 0.01))), math.Ceil(math.Log10(high)+0.01)
	x := func(at float64) float64 { return left + at/e.Span*(width-left-right) }
	y := func(v float64) float64 {
		return top + (last-math.Log10(max(v, 0.01)))/(last-first)*(height-top-bottom)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="10">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%.0f" height="%.0f" fill="#fff"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<rect x="%.1f" y="%.0f" width="%.1f" height="%.0f" fill="#ffe3b3"/>`+"\n", x(e.From), top, max(x(e.To)-x(e.From), 1), height-top-bottom)
	for d := first; d <= last; d++ {
		at := y(math.Pow(10, d))
		fmt.Fprintf(&b, `<line x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%.0f" y="%.1f" text-anchor="end">%g ms</text>`+"\n",
			left, width-right, at, at, left-4, at+3, math.Pow(10, d))
	}
	b.WriteString(line(e.Strip, x, y, "#1f5fbf", func(b Bin) float64 { return b.P50 }))
	b.WriteString(line(e.Strip, x, y, "#c0392b", func(b Bin) float64 { return b.P99 }))
	for _, bin := range e.Strip {
		if bin.Bad > 0 {
			fmt.Fprintf(&b, `<rect x="%.1f" y="%.0f" width="4" height="4" fill="#000"/>`+"\n", x(bin.At), top)
		}
	}
	fmt.Fprintf(&b, `<text x="%.0f" y="12">%s: writes, p50 blue, p99 red; black: requests failed; band: the event</text>`+"\n", left, title)
	fmt.Fprintf(&b, `<text x="%.0f" y="%.0f">0 s</text><text x="%.0f" y="%.0f" text-anchor="end">%.0f s</text>`+"\n</svg>\n", left, height-5, width-right, height-5, e.Span)
	return b.String()
}

func line(bins []Bin, x, y func(float64) float64, color string, of func(Bin) float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<path fill="none" stroke="%s" d="`, color)
	move := true
	for _, bin := range bins {
		if bin.Count == 0 {
			move = true
			continue
		}
		verb := "L"
		if move {
			verb = "M"
		}
		fmt.Fprintf(&b, "%s%.1f %.1f", verb, x(bin.At), y(of(bin)))
		move = false
	}
	b.WriteString("\"/>\n")
	return b.String()
}
