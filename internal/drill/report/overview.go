package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/sessnode/sessnode/internal/drill/result"
)

// chart is a drawing with the names of its rows beside it.
type chart struct {
	Names, Plot template.HTML
	Height      int
}

// The rows of the overview, in pixels from its top.
const (
	labelY                 = 14.0
	stripY, stripHeight    = 24.0, 56.0
	rateY, rateHeight      = 90.0, 44.0
	windowY, windowHeight  = 144.0, 22.0
	tenureY, tenureHeight  = 176.0, 26.0
	overviewEnd            = 208.0
	overviewHeight         = 230.0
	mostColumns            = 900
	shareSteps             = 20 // shares are drawn in twentieths, so that equal columns can be drawn as one
	phaseLabelLeastPercent = 3
)

// column is one or several slots, drawn as one.
type column struct {
	from, to float64 // milliseconds
	slot     result.Slot
}

// columnsOf joins slots so that at most a number of columns is left.
func columnsOf(r *result.Result, most int) []column {
	width := r.SlotMS
	if width <= 0 || len(r.Slots) == 0 {
		return nil
	}
	each := (len(r.Slots) + most - 1) / most
	var all []column
	for i := 0; i < len(r.Slots); i += each {
		c := column{from: float64(i) * width, to: float64(min(i+each, len(r.Slots))) * width}
		for _, s := range r.Slots[i:min(i+each, len(r.Slots))] {
			c.slot.OK, c.slot.Retried, c.slot.Refused = c.slot.OK+s.OK, c.slot.Retried+s.Retried, c.slot.Refused+s.Refused
			c.slot.Unknown, c.slot.Reads = c.slot.Unknown+s.Unknown, c.slot.Reads+s.Reads
		}
		all = append(all, c)
	}
	return all
}

// overview draws availability, throughput, times without a write and who led, over one axis.
func overview(r *result.Result, a axis) chart {
	var c, names canvas
	a.grid(&c, stripY, overviewEnd, true)
	bands(&c, r, a, stripY-4, overviewEnd)
	faultLabels(&c, r, a)
	strip(&c, columnsOf(r, mostColumns), a, stripY, stripHeight)
	edges(&c, r, a, stripY, stripY+stripHeight) // the strip has covered them
	rates(&c, columnsOf(r, mostColumns), a)
	windows(&c, r, a)
	if len(r.Windows) == 0 {
		c.text("mute", "start", "0", windowY+15, "none worth a mark")
	}
	tenures(&c, r, a)
	for _, row := range []struct {
		y    float64
		name string
	}{
		{labelY, "faults"}, {stripY + stripHeight/2 + 4, "availability"}, {rateY + rateHeight/2 - 2, "answers"}, {windowY + 15, "no write"},
		{tenureY + 17, "leader"}, {overviewEnd + 15, "time"},
	} {
		names.text("name", "end", "100%", row.y, row.name)
	}
	if most := mostRate(columnsOf(r, mostColumns)); most > 0 {
		names.text("mute small", "end", "100%", rateY+rateHeight/2+12, "≤ "+count(int(most))+" /s")
	}
	return chart{names.done("names", "names of the rows", overviewHeight), c.done("plot", overviewLabel(r), overviewHeight), int(overviewHeight)}
}

func overviewLabel(r *result.Result) string {
	led := make([]string, 0, len(r.Tenures))
	for _, t := range r.Tenures {
		led = append(led, fmt.Sprintf("%s from %s to %s", t.Node, moment(t.FromMS), moment(t.ToMS)))
	}
	if len(led) == 0 {
		led = append(led, "nobody was seen to lead")
	}
	return fmt.Sprintf("Availability over %s. Longest time without a write: %s. Who led: %s.", took(r.TookMS), longest(r), strings.Join(led, ", "))
}

// labelWidth is about how much of the drawing the length of a window takes, in percent of a wide screen.
const labelWidth = 8

// windows marks the times without a write. Its length stands in a mark that is long enough, else beside it where nothing else is.
func windows(c *canvas, r *result.Result, a axis) {
	taken := make([][2]float64, 0, len(r.Windows))
	for _, w := range r.Windows {
		taken = append(taken, [2]float64{a.at(w.FromMS), a.at(w.ToMS)})
	}
	isFree := func(from, to float64, but int) bool {
		for i, t := range taken {
			if i != but && t[0] < to && t[1] > from {
				return false
			}
		}
		return from >= 0 && to <= 100
	}
	for i, w := range r.Windows {
		from, to, text := a.at(w.FromMS), a.at(w.ToMS), took(w.ToMS-w.FromMS)
		title := fmt.Sprintf("no write for %s, from %s, during %s", text, moment(w.FromMS), w.During)
		if to-from >= labelWidth {
			c.box("nowrite", from, to, windowY, windowHeight, text, title)
			continue
		}
		c.rect("nowrite", from, to, windowY, windowHeight, title)
		switch {
		case isFree(to, to+labelWidth, i):
			c.text("length", "start", percent(to+0.6), windowY+15.5, text)
			taken = append(taken, [2]float64{to, to + labelWidth})
		case isFree(from-labelWidth, from, i):
			c.text("length", "end", percent(from-0.6), windowY+15.5, text)
			taken = append(taken, [2]float64{from - labelWidth, from})
		}
	}
}

// bands marks when faults held.
func bands(c *canvas, r *result.Result, a axis, top, bottom float64) {
	for _, f := range r.Faults {
		to := f.ToMS
		if to < f.FromMS {
			to = a.end // never healed
		}
		c.rect("band", a.at(f.FromMS), a.at(to), top, bottom-top, fmt.Sprintf("%s %s, %s to %s", f.Name, f.On, moment(f.FromMS), moment(to)))
	}
	edges(c, r, a, top, bottom)
}

// edges marks when faults began.
func edges(c *canvas, r *result.Result, a axis, top, bottom float64) {
	for _, f := range r.Faults {
		x := percent(a.at(f.FromMS))
		c.element("line", "class", "edge", "x1", x, "x2", x, "y1", number(top), "y2", number(bottom))
	}
}

// faultLabels names faults above their bands. Those that begin together share a label; each is cut where the next begins.
func faultLabels(c *canvas, r *result.Result, a axis) {
	type label struct {
		at   float64
		text string
	}
	var all []label
	for _, f := range r.Faults {
		at, text := a.at(f.FromMS), f.Name+" "+f.On
		if n := len(all); n > 0 && at-all[n-1].at < 1 {
			all[n-1].text += ", " + text
			continue
		}
		all = append(all, label{at, text})
	}
	if len(all) == 0 {
		c.text("mute", "start", "0", labelY, "none was recorded")
	}
	for i, l := range all {
		if i == len(all)-1 && l.at > 80 {
			c.text("fault", "end", "100%", labelY, l.text)
			continue
		}
		to := 100.0
		if i+1 < len(all) {
			to = all[i+1].at
		}
		c.begin("svg", "x", percent(l.at), "width", percent(max(to-l.at-0.4, 0)), "y", "0", "height", number(labelY+5))
		c.b.WriteString(">")
		c.text("fault", "start", "0", labelY, "▼ "+l.text)
		c.b.WriteString("</svg>")
	}
}

// strip draws what share of the answers was of each kind. Columns that look the same are drawn as one.
func strip(c *canvas, columns []column, a axis, y, height float64) {
	for i := 0; i < len(columns); {
		parts := shares(columns[i].slot)
		end := i + 1
		for end < len(columns) && shares(columns[end].slot) == parts {
			end++
		}
		from, to := a.at(columns[i].from), a.at(columns[end-1].to)
		top := y + height
		for kind, part := range parts {
			if part == 0 {
				continue
			}
			tall := height * float64(part) / shareSteps
			top -= tall
			c.rect("s-"+kinds[kind], from, to, top, tall, "")
		}
		if parts == [4]int{} {
			c.rect("s-silent", from, to, y, height, "")
		}
		i = end
	}
	if len(columns) == 0 {
		c.text("mute", "start", "0", y+height/2+4, "nothing was asked")
	}
}

// kinds are the outcomes in the order in which the strip stacks them.
var kinds = [4]string{"ok", "retried", "refused", "unknown"}

// shares splits a column into twentieths; what is there at all is seen.
func shares(s result.Slot) [4]int {
	counts := [4]int{s.OK, s.Retried, s.Refused, s.Unknown}
	total, parts, largest, sum := s.OK+s.Retried+s.Refused+s.Unknown, [4]int{}, 0, 0
	if total == 0 {
		return parts
	}
	for i, n := range counts {
		if n > 0 {
			parts[i] = max(1, int(math.Round(float64(n)*shareSteps/float64(total))))
		}
		if parts[i] > parts[largest] {
			largest = i
		}
		sum += parts[i]
	}
	parts[largest] += shareSteps - sum
	return parts
}

// perSecond is how many operations were acknowledged in a column, as a rate.
func (k column) perSecond() float64 {
	return float64(k.slot.OK+k.slot.Retried) * 1000 / (k.to - k.from)
}

func mostRate(columns []column) float64 {
	most := 0.0
	for _, k := range columns {
		most = max(most, k.perSecond())
	}
	return most
}

// rates draws how many operations were acknowledged in each column.
func rates(c *canvas, columns []column, a axis) {
	most := mostRate(columns)
	if most == 0 {
		c.text("mute", "start", "0", rateY+rateHeight/2+4, "none")
		return
	}
	var path strings.Builder
	fmt.Fprintf(&path, "M0 %s", number(spanY))
	for _, k := range columns {
		y := number(math.Round(spanY * (1 - k.perSecond()/most)))
		fmt.Fprintf(&path, "L%s %sH%s", number(math.Round(a.at(k.from)*spanX/100)), y, number(math.Round(a.at(k.to)*spanX/100)))
	}
	fmt.Fprintf(&path, "V%sH0Z", number(spanY))
	c.stretched("rate", path.String(), rateY, rateHeight)
	c.element("line", "class", "base", "x1", "0", "x2", "100%", "y1", number(rateY+rateHeight), "y2", number(rateY+rateHeight))
}

// tenures draws who led, and where nobody did.
func tenures(c *canvas, r *result.Result, a axis) {
	c.rect("leaderless", 0, 100, tenureY, tenureHeight, "nobody is seen to lead")
	for _, t := range r.Tenures {
		c.box("node"+nodeStyle(r, t.Node), a.at(t.FromMS), a.at(t.ToMS), tenureY, tenureHeight, fmt.Sprintf("★ %s · term %d", t.Node, t.Term),
			fmt.Sprintf("%s leads in term %d, from %s to %s", t.Node, t.Term, moment(t.FromMS), moment(t.ToMS)))
	}
	if len(r.Tenures) == 0 {
		c.text("mute", "start", "6", tenureY+17, "nobody was seen to lead")
	}
}

// nodeStyle numbers nodes from 1 to 5 for their colours, in the order of their series.
func nodeStyle(r *result.Result, node string) string {
	for i, s := range r.Applied {
		if s.Node == node {
			return number(float64(i%5 + 1))
		}
	}
	return "1"
}
