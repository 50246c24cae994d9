package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode/internal/term"
)

// history is how many observations the strips show.
const history = 60

// Order is by what routes are sorted in Top.
type Order int

// The orders.
const (
	ByRate Order = iota
	BySlowest
	ByFailures
	orders
)

// Next is the order after this one.
func (o Order) Next() Order { return (o + 1) % orders }

// String names the order.
func (o Order) String() string { return [...]string{"rate", "slowest", "failures"}[o%orders] }

func byRate(a, b RouteRate) int {
	return cmp.Or(cmp.Compare(b.Rate, a.Rate), cmp.Compare(a.Route, b.Route))
}

func (o Order) compare(a, b RouteRate) int {
	p99 := func(r RouteRate) float64 {
		if r.P99 == nil {
			return 0
		}
		return *r.P99
	}
	switch o {
	case BySlowest:
		return cmp.Or(cmp.Compare(p99(b), p99(a)), byRate(a, b))
	case ByFailures:
		return cmp.Or(cmp.Compare(b.Failures, a.Failures), byRate(a, b))
	}
	return byRate(a, b)
}

// Top draws what a cluster does, second by second. It remembers the last minute for its strips. It belongs to one goroutine.
type Top struct {
	Order  Order
	Paused bool
	Keys   bool // single keys work, and are told

	last    Rates
	rates   []float64 // requests a second
	leaders []string
}

// Add takes in the newest rates.
func (t *Top) Add(r Rates) {
	t.last = r
	var total float64
	for _, n := range r.Nodes {
		total += n.Reads + n.Writes
	}
	t.rates, t.leaders = append(t.rates, total), append(t.leaders, r.Leader)
	if len(t.rates) > history {
		t.rates, t.leaders = t.rates[1:], t.leaders[1:]
	}
}

// Lines draws the picture for a screen: nodes always, routes as far as there is room. Height 0 means as many as there are.
func (t *Top) Lines(s term.Screen, height int) []string {
	f := Form{Now: t.last.At, Screen: s}
	head := []string{t.title(s)}
	if facts := t.last.cluster.Facts(f); facts != "" {
		head = append(head, s.Dim(facts))
	}
	head = append(head, "")
	nodes := append(t.nodes(s), "")
	foot := append([]string{""}, t.strips(s)...)
	if t.Keys {
		foot = append(foot, "", t.keys(s))
	}
	routes := t.routes(s)
	if room := height - 1 - len(head) - len(nodes) - len(foot); height > 0 && len(routes) > room {
		routes = routes[:max(0, room)]
		if len(routes) < 2 {
			routes = nil // a header alone says nothing
		}
	}
	return slices.Concat(head, nodes, routes, foot)
}

// title is the health, with the time at the right.
func (t *Top) title(s term.Screen) string {
	clock := t.last.At.Local().Format("15:04:05")
	if t.Paused {
		clock = "paused " + clock
	}
	room := s.Width - term.Width(clock) - 2
	return term.Pad(term.Truncate(t.last.cluster.Sentence(s), room), room) + "  " + s.Bold(clock)
}

// broad is the width from which more columns are shown.
const broad = 110

func (t *Top) nodes(s term.Screen) []string {
	headers := []string{"NODE", "STATE", "READ/S", "WRITE/S", "FAIL/S", "P50", "P99", "FSYNC", "LAG"}
	if s.Width >= broad {
		headers = append(headers, "BUSY", "MEMORY", "HTTP")
	}
	table := term.NewTable(headers...).Right(2, 3, 4, 5, 6, 7, 8, 9, 10).Keep(1)
	var sum NodeRates
	for _, n := range t.last.Nodes {
		cells := []string{term.Clean(n.Name), n.sign(s)}
		if n.Known {
			cells = append(cells, rate(n.Reads), rate(n.Writes), failures(n.Failures, s), latency(n.P50), latency(n.P99), latency(n.LogWrite))
		} else {
			cells = append(cells, "-", "-", "-", "-", "-", "-")
		}
		cells = append(cells, term.Count(n.Lag))
		if s.Width >= broad {
			cells = append(cells, term.Count(uint64(n.InFlight)), term.Bytes(uint64(n.Memory)), term.Clean(n.http))
		}
		table.Row(cells...)
		sum.Reads, sum.Writes, sum.Failures = sum.Reads+n.Reads, sum.Writes+n.Writes, sum.Failures+n.Failures
	}
	table.Totals(plural(len(t.last.Nodes), "node"), "", rate(sum.Reads), rate(sum.Writes), failures(sum.Failures, s))
	return table.Lines(s)
}

// sign is a node's role where it is ready, else its state.
func (n NodeRates) sign(s term.Screen) string {
	if n.State == "ready" && n.Role == "leader" {
		return s.Bold(s.OK("leads"))
	}
	if n.State == "ready" && n.Role == "follower" {
		return s.OK("follows")
	}
	return Node{State: n.State}.StateSign(s)
}

func (t *Top) routes(s term.Screen) []string {
	if len(t.last.Routes) == 0 {
		return []string{s.Dim("no requests")}
	}
	list := slices.SortedFunc(slices.Values(t.last.Routes), t.Order.compare)
	table := term.NewTable("ROUTE", "REQ/S", "FAIL/S", "P50", "P99").Right(1, 2, 3, 4)
	for _, r := range list {
		table.Row(short(r.Route), rate(r.Rate), failures(r.Failures, s), latency(r.P50), latency(r.P99))
	}
	return table.Lines(s)
}

// short leaves out of a route what all of them have.
func short(route string) string {
	method, path, _ := strings.Cut(route, " ")
	return term.Pad(method, 6) + " " + strings.TrimPrefix(strings.TrimPrefix(path, "/v1/apps/{app}"), "/v1")
}

// strips are the last minute: requests, and who led.
func (t *Top) strips(s term.Screen) []string {
	room := max(10, min(history, s.Width-40))
	rates, leaders := tail(t.rates, room), tail(t.leaders, room)
	lines := []string{
		fmt.Sprintf("sessions    %s created, %s ended, %s expired a second", rate(t.last.Created), rate(t.last.Ended), rate(t.last.Expired)),
		"requests/s  " + s.Cyan(spark(rates)) + "  now " + rate(rates[len(rates)-1]) + ", most " + rate(slices.Max(rates)),
	}
	lane, legend := t.lane(leaders, s)
	return append(lines, "leader      "+lane+"  "+legend)
}

// lane shows who led: a digit for each node, the same as long as it led.
func (t *Top) lane(leaders []string, s term.Screen) (lane, legend string) {
	colours := []func(string) string{s.Green, s.Cyan, s.Magenta, s.Yellow, s.Blue}
	mark := func(name string) string {
		i := slices.IndexFunc(t.last.Nodes, func(n NodeRates) bool { return n.Name == name })
		if name == "" || i < 0 {
			return s.Red("·")
		}
		return colours[i%len(colours)](string("123456789"[i%9]))
	}
	for _, name := range leaders {
		lane += mark(name)
	}
	var names []string
	for _, n := range t.last.Nodes {
		if slices.Contains(leaders, n.Name) {
			names = append(names, mark(n.Name)+" "+term.Clean(n.Name))
		}
	}
	if slices.Contains(leaders, "") {
		names = append(names, mark("")+" none")
	}
	return lane, strings.Join(names, ", ")
}

func (t *Top) keys(s term.Screen) string {
	pause := "pause"
	if t.Paused {
		pause = "go on"
	}
	return fmt.Sprintf("%s quit   %s %s   %s routes by: %s", s.Inverse(" q "), s.Inverse(" p "), pause, s.Inverse(" s "), t.Order)
}

func tail[T any](list []T, n int) []T { return list[max(0, len(list)-n):] }

// spark draws numbers as bars, the largest as the highest.
func spark(values []float64) string {
	bars := []rune("▁▂▃▄▅▆▇█")
	most := slices.Max(values)
	var b strings.Builder
	for _, v := range values {
		i := 0
		if most > 0 {
			i = int(v / most * float64(len(bars)-1))
		}
		b.WriteRune(bars[i])
	}
	return b.String()
}

// rate writes a number a second.
func rate(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 10:
		return fmt.Sprintf("%.1f", v)
	}
	return term.Count(uint64(v + .5))
}

func failures(v float64, s term.Screen) string {
	if v == 0 {
		return "0"
	}
	return s.Red(rate(v))
}

// latency writes seconds; "-" where nothing was measured.
func latency(seconds *float64) string {
	if seconds == nil {
		return "-"
	}
	return term.Duration(time.Duration(*seconds * float64(time.Second)))
}
