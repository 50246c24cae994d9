package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/sessnode/sessnode/internal/drill/result"
)

// The scatter of latencies: a panel for writes above one for reads.
const (
	panelTop, panelHeight = 8.0, 130.0
	panelGap              = 26.0
	mostPoints            = 4000
	leastMS               = 0.1 // the foot of the scale
)

// decades is a logarithmic scale in milliseconds.
type decades struct{ low, high float64 } // powers of ten

func decadesOf(points []result.Point) decades {
	low, high := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		v := math.Log10(max(p.TookMS, leastMS))
		low, high = min(low, v), max(high, v)
	}
	if math.IsInf(low, 1) {
		return decades{0, 3}
	}
	low = math.Floor(low)
	return decades{low, max(math.Ceil(high), low+1)}
}

// at returns how far from the top a latency lies, from 0 to 1.
func (d decades) at(ms float64) float64 {
	return (d.high - math.Log10(max(ms, leastMS))) / (d.high - d.low)
}

// scatter draws single operations by when they ended and how long they took.
func scatter(r *result.Result, a axis) chart {
	var c, names canvas
	scale := decadesOf(r.Points)
	height := panelTop + 2*panelHeight + panelGap + 22
	bands(&c, r, a, panelTop, height-22)
	for i, write := range []bool{true, false} {
		top := panelTop + float64(i)*(panelHeight+panelGap)
		a.grid(&c, top, top+panelHeight, i == 1)
		for power := scale.low; power <= scale.high; power++ {
			y := top + panelHeight*scale.at(math.Pow(10, power))
			c.element("line", "class", "tick", "x1", "0", "x2", "100%", "y1", number(y), "y2", number(y))
			names.text("mute", "end", "100%", y+4, took(math.Pow(10, power)))
		}
		what := map[bool]string{true: "writes", false: "reads"}[write]
		plotPoints(&c, r.Points, write, a, scale, top)
		c.text("name", "start", "6", top+14, what)
	}
	if len(r.Points) == 0 {
		c.text("mute", "start", "6", panelTop+panelHeight/2, "nothing was answered")
	}
	label := fmt.Sprintf("How long operations took, on a logarithmic scale, by when they ended: %d points. The table below has the percentiles.", len(r.Points))
	return chart{names.done("names", "scale of latency", height), c.done("plot", label, height), int(height)}
}

// plotPoints draws what was answered at the first try as dots, in one path, and everything else as a sign of its own.
func plotPoints(c *canvas, points []result.Point, write bool, a axis, scale decades, top float64) {
	every := (len(points) + mostPoints - 1) / mostPoints
	var dots strings.Builder
	var marks canvas
	for i, p := range points {
		if p.Write != write || p.Outcome == kinds[0] && i%max(every, 1) > 0 {
			continue
		}
		x, y := a.at(p.AtMS), scale.at(p.TookMS)
		if p.Outcome == kinds[0] {
			fmt.Fprintf(&dots, "M%.0f %.0fh0", x*spanX/100, y*spanY)
			continue
		}
		marks.element("use", "href", "#m-"+markOf(p.Outcome), "x", percent(x), "y", number(math.Round(10*(top+y*panelHeight))/10))
	}
	c.stretched("dots", dots.String(), top, panelHeight)
	c.b.WriteString(marks.b.String())
}

// markOf names the sign of an outcome. One that this program does not know is unknown.
func markOf(outcome string) string {
	for _, k := range kinds[1:] {
		if outcome == k {
			return k
		}
	}
	return "unknown"
}

// The drawing of applied indexes.
const (
	appliedTop, appliedHeight = 8.0, 170.0
	brokenMS                  = 1600 // a line is broken where nothing was heard for so long
)

// applied draws a line for each node: how far it has applied the log. The first is the broadest, so that lines that lie on each other
// are all seen.
func applied(r *result.Result, a axis) chart {
	var c, names canvas
	most := uint64(0)
	for _, s := range r.Applied {
		for _, p := range s.At {
			most = max(most, p[1])
		}
	}
	top := max(float64(most), 1) * 1.04 // so that the broadest line is not cut
	height := appliedTop + appliedHeight + 22
	bands(&c, r, a, appliedTop, appliedTop+appliedHeight)
	a.grid(&c, appliedTop, appliedTop+appliedHeight, true)
	step := niceStep(max(float64(most), 1) / 4)
	for v := 0.0; v <= float64(most); v += step {
		y := appliedTop + appliedHeight*(1-v/top)
		c.element("line", "class", "tick", "x1", "0", "x2", "100%", "y1", number(y), "y2", number(y))
		names.text("mute", "end", "100%", y+4, count(int(v)))
	}
	for _, s := range r.Applied {
		c.stretched("line line"+nodeStyle(r, s.Node), linePath(s, a, top), appliedTop, appliedHeight)
	}
	if len(r.Applied) == 0 {
		c.text("mute", "start", "6", appliedTop+appliedHeight/2, "no node was heard")
	}
	label := "The applied index of each node over time; the table below has the last of each."
	return chart{names.done("names", "scale of the index", height), c.done("plot", label, height), int(height)}
}

func linePath(s result.Series, a axis, top float64) string {
	var path strings.Builder
	for i, p := range s.At {
		verb := "L"
		if i == 0 || p[0]-s.At[i-1][0] > brokenMS {
			verb = "M"
		}
		fmt.Fprintf(&path, "%s%.0f %.0f", verb, a.at(float64(p[0]))*spanX/100, spanY*(1-float64(p[1])/top))
	}
	return path.String()
}
