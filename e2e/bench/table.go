package bench

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// commas writes a number as people read it.
func commas(n float64) string {
	if math.IsNaN(n) {
		return "-"
	}
	text := strconv.FormatFloat(math.Round(n), 'f', 0, 64)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// table writes one workload's table: a line for each system and route.
func (r *Report) table(b *strings.Builder, workload, distribution string) {
	clients := r.clients()
	var rows []string
	for _, l := range r.lines() {
		if row := r.row(l, workload, distribution, clients); row != "" {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return
	}
	most := clients[len(clients)-1]
	fmt.Fprintf(b, "\n| %s", workload)
	if distribution != "uniform" {
		fmt.Fprintf(b, ", %s", distribution)
	}
	for _, c := range clients {
		fmt.Fprintf(b, " | %d", c)
	}
	fmt.Fprintf(b, " | p50 at %d | p99 at %d | servers' CPU | generator's | MB | failed |\n| ---", clients[0], most)
	b.WriteString(strings.Repeat(" | ---:", len(clients)+6) + " |\n")
	b.WriteString(strings.Join(rows, ""))
}

// row is one line of a table, empty where nothing was measured.
func (r *Report) row(l line, workload, distribution string, clients []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s", l.title)
	failed, seen := 0.0, false
	var first, last summary
	for i, c := range clients {
		s, ok := r.summarize(place{l.system, l.route, workload, distribution, c})
		if !ok {
			b.WriteString(" | -")
			continue
		}
		if i == 0 {
			first = s
		}
		if i == len(clients)-1 {
			last = s
		}
		seen = true
		failed += s.failed
		fmt.Fprintf(&b, " | %s", commas(s.rate))
	}
	if !seen {
		return ""
	}
	fmt.Fprintf(&b, " | %s | %s | %s | %s | %s | %s |\n", figure(first.p50, "%.2f ms"), figure(last.p99, "%.1f ms"), figure(last.cpu*1000, "%.0f ms"),
		figure(last.generator*1000, "%.0f ms"), figure(last.resident/(1<<20), "%.0f"), commas(failed))
	return b.String()
}

// figure writes a figure, or a dash where there is none: nothing that is measured here is zero.
func figure(v float64, format string) string {
	if v == 0 {
		return "-"
	}
	return fmt.Sprintf(format, v)
}

// targetTable writes what was aimed at, and what came of it.
func (r *Report) targetTable(b *strings.Builder) {
	b.WriteString("\n| target | sessnode | the other | ratio | in the repetitions | wanted | |\n| --- | ---: | ---: | ---: | ---: | ---: | --- |\n")
	for _, v := range r.verdicts() {
		ratio, span := "-", "-"
		if !math.IsNaN(v.ratio) {
			ratio, span = fmt.Sprintf("%.2f", v.ratio), fmt.Sprintf("%.2f to %.2f", v.least, v.most)
		}
		word := v.word()
		if r.busy() && !math.IsNaN(v.ratio) {
			word = "not judged: busy"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %.2f | %s |\n", v.claim, v.ours, v.theirs, ratio, span, v.factor, word)
	}
}

// failoverTable writes what became of clients whose leader was killed.
func (r *Report) failoverTable(b *strings.Builder) {
	if len(r.Failovers) == 0 {
		return
	}
	b.WriteString("\n| 64 clients writing, kill -9 of the leader | first write, s | all clients back, s | acknowledged | of these missing | not verified |\n" +
		"| --- | ---: | ---: | ---: | ---: | ---: |\n")
	var seen []string
	for _, f := range r.Failovers {
		if !slices.Contains(seen, f.System) {
			seen = append(seen, f.System)
			r.failoverRow(b, f.System)
		}
	}
}

func (r *Report) failoverRow(b *strings.Builder, system string) {
	title, acknowledged, missing, unverified := system, 0, 0, 0
	var first, all []string
	if s := find(system); s != nil {
		title = s.Title
	}
	for _, f := range r.Failovers {
		if f.System != system {
			continue
		}
		first, all = append(first, seconds(f.First)), append(all, seconds(f.All))
		acknowledged, missing, unverified = acknowledged+f.Acknowledged, missing+f.Missing, unverified+f.Unverified
	}
	lost := strconv.Itoa(missing)
	if missing > 0 {
		lost = "**" + lost + "**"
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %d |\n", title, strings.Join(first, " / "), strings.Join(all, " / "), commas(float64(acknowledged)), lost, unverified)
}

// seconds writes a time; a failover that did not end has none.
func seconds(s float64) string {
	if s <= 0 {
		return "never"
	}
	return fmt.Sprintf("%.2f", s)
}

// find finds a system of the catalog.
func find(name string) *System {
	for _, s := range Catalog() {
		if s.Name == name {
			return &s
		}
	}
	return nil
}

// counted writes a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
