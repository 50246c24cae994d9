package main

import (
	"fmt"
	"slices"
	"strings"
)

// The picture: on the left goodput by what arrives, both as multiples of the capacity; on the right the strip.
const (
	panelWidth, panelHeight = 380, 220
	margin                  = 46
)

var colours = []string{"#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b"}

func picture(cells []cell, strips []strip) string {
	var b strings.Builder
	width, height := 2*panelWidth+3*margin, panelHeight+3*margin
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11"><rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height, width, height)
	curves(&b, cells)
	for _, s := range strips[:min(1, len(strips))] {
		s.draw(&b, 2*margin+panelWidth)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// axes draws a panel whose left end is at x.
func axes(b *strings.Builder, x int, title, below string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" font-weight="bold">%s</text><path d="M%d %dv%dh%d" fill="none" stroke="#333"/><text x="%d" y="%d">%s</text>`+"\n",
		x, margin-14, title, x, margin, panelHeight, panelWidth, x+panelWidth/2-60, margin+panelHeight+30, below)
}

func curves(b *strings.Builder, cells []cell) {
	x := margin
	axes(b, x, "goodput, of the capacity", "arrives, times the capacity")
	most := 1.0
	for i := range cells {
		most = max(most, cells[i].factor)
	}
	at := func(factor, share float64) string {
		return fmt.Sprintf("%.1f,%.1f", float64(x)+factor/most*panelWidth, margin+panelHeight*(1-min(share, 1.3)/1.3))
	}
	for _, share := range []float64{0.5, 0.9, 1} {
		fmt.Fprintf(b, `<polyline points="%s %s" stroke="#ccc" fill="none"/><text x="%d" y="%.1f" text-anchor="end">%.0f %%</text>`+"\n", at(0, share), at(most, share), x-4, margin+panelHeight*(1-share/1.3)+4, 100*share)
	}
	var lines []string
	points, peak := map[string][]string{}, map[string]float64{}
	for i := range cells {
		c := &cells[i]
		name := fmt.Sprintf("%s, %d", c.mix, c.conns)
		switch {
		case c.factor > 0:
			points[name] = append(points[name], at(c.factor, c.goodput()/peak[name]))
		case peak[name] == 0: // the first closed loop of a table
			peak[name] = c.base
			lines = append(lines, name)
			points[name] = []string{at(0, 0)}
		}
	}
	for i, name := range lines {
		colour := colours[i%len(colours)]
		fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/><text x="%d" y="%d" fill="%s">%s connections</text>`+"\n", strings.Join(points[name], " "), colour,
			x+panelWidth-140, margin+panelHeight-10-13*(len(lines)-1-i), colour, name)
	}
	for f := 1.0; f <= most; f++ {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%.0f</text>`+"\n", float64(x)+f/most*panelWidth, margin+panelHeight+14, f)
	}
}

// draw shows what became of requests in each bin of the strip.
func (s strip) draw(b *strings.Builder, x int) {
	axes(b, x, fmt.Sprintf("a flood of %s over %d connections", s.mix, s.conns), "seconds")
	most := uint64(1)
	for _, c := range s.bins {
		most = max(most, c.ok, c.refused)
	}
	step := float64(panelWidth) / float64(len(s.bins))
	line := func(name, colour string, row int, of func(counts) uint64) {
		var points []string
		for i, c := range s.bins[:len(s.bins)-1] {
			points = append(points, fmt.Sprintf("%.1f,%.1f", float64(x)+(float64(i)+0.5)*step, margin+panelHeight*(1-float64(of(c))/float64(most)/1.1)))
		}
		fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/><text x="%d" y="%d" fill="%s">%s</text>`+"\n", strings.Join(points, " "), colour, x+8, margin+12+13*row, colour, name)
	}
	line("answered in time", colours[2], 0, func(c counts) uint64 { return c.ok })
	line("refused", colours[1], 1, func(c counts) uint64 { return c.refused })
	line("late or lost", colours[4], 2, func(c counts) uint64 { return c.late + c.lost })
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%s/s</text>`+"\n", x-4, margin+panelHeight/11+4, commas(int(float64(most)/binWidth.Seconds())))
	second := 0.0
	for i, p := range slices.Backward(s.plan) {
		second += p.last.Seconds()
		_ = i
	}
	for at := 0.0; at <= second; at += 5 {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%.0f</text>`+"\n", float64(x)+at/second*panelWidth, margin+panelHeight+14, at)
	}
}
