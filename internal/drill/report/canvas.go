package report

import (
	"html/template"
	"math"
	"strconv"
	"strings"
)

// canvas collects SVG elements. Horizontally everything is in percent of the drawing, vertically in pixels, so that a drawing
// fills the width of any screen and its texts keep their size.
type canvas struct{ b strings.Builder }

// element adds an element without content. Attributes are given as name, value, name, value.
func (c *canvas) element(name string, attrs ...string) {
	c.begin(name, attrs...)
	c.b.WriteString("/>")
}

func (c *canvas) begin(name string, attrs ...string) {
	c.b.WriteString("<" + name)
	for i := 0; i+1 < len(attrs); i += 2 {
		if attrs[i+1] != "" {
			c.b.WriteString(" " + attrs[i] + `="` + template.HTMLEscapeString(attrs[i+1]) + `"`)
		}
	}
}

// rect adds a rectangle with a title, which browsers show when one points at it.
func (c *canvas) rect(class string, from, to, y, height float64, title string) {
	c.begin("rect", "class", class, "x", percent(from), "width", percent(max(to-from, leastWidth)), "y", number(y), "height", number(height))
	c.title("rect", title)
}

func (c *canvas) title(element, title string) {
	if title == "" {
		c.b.WriteString("/>")
		return
	}
	c.b.WriteString("><title>" + template.HTMLEscapeString(title) + "</title></" + element + ">")
}

// text adds a text that begins, or ends if anchor is "end", at x.
func (c *canvas) text(class, anchor string, x string, y float64, text string) {
	c.begin("text", "class", class, "x", x, "y", number(y), "text-anchor", anchor)
	c.b.WriteString(">" + template.HTMLEscapeString(text) + "</text>")
}

// box adds a rectangle with a text in it that is cut where the rectangle ends.
func (c *canvas) box(class string, from, to, y, height float64, text, title string) {
	c.begin("svg", "x", percent(from), "width", percent(max(to-from, leastWidth)), "y", number(y), "height", number(height))
	c.b.WriteString(">")
	if title != "" {
		c.b.WriteString("<title>" + template.HTMLEscapeString(title) + "</title>")
	}
	c.element("rect", "class", class, "width", "100%", "height", "100%")
	c.text("in-"+class, "", "5", height/2+4.5, text)
	c.b.WriteString("</svg>")
}

// stretched adds a path whose coordinates go from 0 to spanX and spanY, over the whole width and from y down to y+height.
func (c *canvas) stretched(class, path string, y, height float64) {
	if path == "" {
		return
	}
	c.begin("svg", "x", "0", "width", "100%", "y", number(y), "height", number(height), "viewBox", "0 0 "+number(spanX)+" "+number(spanY),
		"preserveAspectRatio", "none")
	c.b.WriteString(">")
	c.element("path", "class", class, "d", path)
	c.b.WriteString("</svg>")
}

// done returns what was collected as a drawing of a height. Label is what it is for who cannot see it.
func (c *canvas) done(class, label string, height float64) template.HTML {
	var out canvas
	out.begin("svg", "class", class, "width", "100%", "height", number(height), "role", "img", "aria-label", label)
	return template.HTML(out.b.String() + ">" + c.b.String() + "</svg>") //nolint:gosec // every text and attribute above is escaped
}

const (
	spanX, spanY = 10000.0, 1000.0 // the coordinates of stretched
	leastWidth   = 0.12            // percent: what is shorter could not be seen
)

func percent(v float64) string { return number(v) + "%" }

// number writes a coordinate with what a screen can show of it.
func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}

// axis is the time of a drill, from its clock's start to the end, in milliseconds. All drawings of a page share it.
type axis struct{ end float64 }

// at returns where a moment lies, in percent.
func (a axis) at(ms float64) float64 { return 100 * min(max(ms/a.end, 0), 1) }

// ticks returns moments for labels, at most about a dozen.
func (a axis) ticks() []float64 {
	step := niceTime(a.end / 9)
	var all []float64
	for at := 0.0; at <= a.end; at += step {
		all = append(all, at)
	}
	return all
}

// niceTime rounds a step of time up to a whole one: below 20 s as niceStep, else to half or whole minutes.
func niceTime(ms float64) float64 {
	for _, minutes := range []float64{0.5, 1, 2, 5, 10, 30, 60} {
		if ms > 20000 && ms <= minutes*60000 {
			return minutes * 60000
		}
	}
	return niceStep(ms)
}

// niceStep rounds a step up to 1, 2 or 5 times a power of ten.
func niceStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(max(v, 1))))
	for _, m := range []float64{1, 2, 5} {
		if v <= m*power {
			return m * power
		}
	}
	return 10 * power
}

// grid draws the lines of the ticks, and below them their labels if there is a place for them.
func (a axis) grid(c *canvas, top, bottom float64, labels bool) {
	for i, at := range a.ticks() {
		x := percent(a.at(at))
		c.element("line", "class", "tick", "x1", x, "x2", x, "y1", number(top), "y2", number(bottom))
		if !labels {
			continue
		}
		anchor := "middle"
		switch {
		case i == 0:
			anchor = "start"
		case a.at(at) > 97:
			anchor = "end"
		}
		c.text("mute", anchor, x, bottom+15, clock(at))
	}
}
