package sim

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// The store that the page is about.
const (
	aimSessions  = 100e6
	aimPerSecond = 1e6
	imbalance    = 1.2 // of the fullest node and the largest groups, for the average: the played placement must stay below it
)

// Aims returns the fleets that the page compares: three replicas, of which one may be lost, and five, of which two may.
func (c Costs) Aims() []Fleet {
	return []Fleet{c.Size(Need{aimSessions, aimPerSecond, 3, 1, imbalance}), c.Size(Need{aimSessions, aimPerSecond, 5, 2, imbalance})}
}

// ops is the order of operations in tables.
var ops = []string{"create", "patch", "touch", "read"}

// Tables returns the page's tables by name.
func (c Costs) Tables() map[string]string {
	return map[string]string{"costs": c.costsTable(), "group": c.groupTable(), "played": c.playedTable(), "fleet": c.fleetTable(), "placed": c.placedTable(), "growth": c.growthTable()}
}

// Fill replaces the tables in a page. Each stands between two comments that name it.
func (c Costs) Fill(page string) (string, error) {
	tables := c.Tables()
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		begin, end := "<!-- sim: "+name+" -->\n", "<!-- sim: end -->"
		before, rest, found := strings.Cut(page, begin)
		_, after, ended := strings.Cut(rest, end)
		if !found || !ended {
			return "", fmt.Errorf("the page has no place for the table %s", name)
		}
		page = before + begin + "\n" + tables[name] + "\n" + end + after
	}
	return page, nil
}

// table writes rows of cells, the first of them the head.
func table(rows ...[]string) string {
	var b strings.Builder
	for i, r := range rows {
		b.WriteString("| " + strings.Join(r, " | ") + " |\n")
		if i == 0 {
			b.WriteString("| ---" + strings.Repeat(" | ---:", len(r)-1) + " |\n")
		}
	}
	return b.String()
}

func (c Costs) costsTable() string {
	rows := [][]string{{"processor time, µs", "at the node asked", "at the leader", "at each follower", "of it, applying", "bytes in each log", "bytes between three nodes"}}
	for _, name := range ops {
		o := c.Ops[name]
		rows = append(rows, []string{name, number(o.EntryUS), number(o.LeaderUS), number(o.FollowerUS), number(o.ApplyUS), number(o.LogBytes), number(o.WireBytes)})
	}
	return table(rows...) + "\n" + table(
		[]string{"input", "value"},
		[]string{"a flushed write of 4 KiB", number(c.FlushUS) + " µs"},
		[]string{"flushes of a log for one entry", number(c.SyncsPerEntry)},
		[]string{"a session of 512 bytes, live with all indexes", number(c.SessionBytes) + " bytes"},
		[]string{"a tombstone, for an hour", number(c.TombstoneBytes) + " bytes"},
		[]string{"an operation id, for five minutes", number(c.RememberedBytes) + " bytes"},
		[]string{"resident for live bytes", "× " + number(c.ResidentFactor)},
		[]string{"a session in a snapshot", number(c.SnapshotBytes) + " bytes"},
		[]string{"writing it, restoring it", number(c.WriteUS) + " µs, " + number(c.RestoreUS) + " µs"},
	)
}

func (c Costs) groupTable() string {
	rows := [][]string{{"one group on nodes of its own, operations a second"}}
	all := []struct {
		name string
		mix  Mix
	}{{"create", Mix{"create": 1}}, {"patch", Mix{"patch": 1}}, {"read", Mix{"read": 1}}, {"mixed", Mixed(1)}}
	for _, n := range []int{3, 5} {
		for i, b := range c.Bounds(Mixed(1), n) {
			if n == 5 && i > 1 { // the others are the same
				continue
			}
			row := []string{fmt.Sprintf("%d replicas: %s", n, b.Name)}
			if i > 1 {
				row[0] = b.Name
			}
			for _, w := range all {
				row = append(row, rate(c.Bounds(w.mix, n)[i].PerSecond))
			}
			rows = append(rows, row)
		}
	}
	for _, w := range all {
		rows[0] = append(rows[0], w.name)
	}
	return table(rows...)
}

func (c Costs) playedTable() string {
	rows := [][]string{{"changes through one leader", "computed at most, a second", "played", "p50 at 50 %", "p99 at 50 %", "p50 at 90 %", "p99 at 90 %", "in an entry at 90 %"}}
	for _, name := range ops[:3] {
		bound := c.PlayedBound(name)
		half, most := c.Play(name, bound/2, 60_000/bound, 3), c.Play(name, bound*0.9, 60_000/bound, 3)
		rows = append(rows, []string{name, rate(bound), rate(c.Capacity(name)), ms(half.P50), ms(half.P99), ms(most.P50), ms(most.P99), number(most.Batch)})
	}
	return table(rows...)
}

// fleetRows says what is shown of a fleet.
var fleetRows = []struct {
	name string
	show func(Fleet) string
}{
	{"nodes that memory asks for", func(f Fleet) string { return whole(f.ByMemory) }},
	{"nodes that processors ask for", func(f Fleet) string { return whole(f.ByProcessors) }},
	{"nodes that the network between them asks for", func(f Fleet) string { return whole(f.ByLink) }},
	{"**nodes**", func(f Fleet) string { return "**" + whole(f.Nodes) + "**" }},
	{"**groups**", func(f Fleet) string { return "**" + whole(f.Groups) + "**" }},
	{"groups on a node", func(f Fleet) string { return number(float64(f.Groups*f.Replicas) / float64(f.Nodes)) }},
	{"sessions of a group", func(f Fleet) string { return size(f.Sessions/float64(f.Groups), "") }},
	{"requests, and changes with an id, of a group a second", func(f Fleet) string { return rate(f.GroupPerSecond) + ", " + rate(f.GroupWrites) }},
	{"live, and resident, bytes of a node", func(f Fleet) string { return size(f.LiveBytes, "B") + ", " + size(f.ResidentBytes, "B") }},
	{"resident bytes of all nodes", func(f Fleet) string { return size(f.ResidentBytes*float64(f.Nodes), "B") }},
	{"of the processors busy, while all are there", func(f Fleet) string { return share(f.BusyShare) }},
	{"after the loss", func(f Fleet) string { return share(f.BusyShareLost) }},
	{"log of a node, a second", func(f Fleet) string { return size(f.LogPerNode, "B") }},
	{"snapshots of a node, a second", func(f Fleet) string { return size(f.SnapshotIO, "B") }},
	{"sent by a node to others, a second", func(f Fleet) string { return size(f.WirePerNode, "B") }},
	{"a snapshot of a group", func(f Fleet) string { return size(f.SnapshotBytes, "B") }},
	{"one new node takes over its share in", func(f Fleet) string { return seconds(f.MoveSeconds) }},
	{"a lost node's replicas are made anew, by all others, in", func(f Fleet) string { return seconds(f.RefillSeconds) }},
}

func (c Costs) fleetTable() string {
	aims := c.Aims()
	rows := [][]string{{"100 million sessions, 1 million requests a second, mixed"}}
	for _, f := range aims {
		rows[0] = append(rows[0], fmt.Sprintf("%d replicas, %d may be lost", f.Replicas, f.Lost))
	}
	for _, r := range fleetRows {
		row := []string{r.name}
		for _, f := range aims {
			row = append(row, r.show(f))
		}
		rows = append(rows, row)
	}
	return table(rows...)
}

func (c Costs) placedTable() string {
	rows := [][]string{{"played: people dealt to groups by hash, groups to nodes"}}
	names := []string{"sessions of the largest group, for the average", "of the fullest node, for the average", "work of the busiest leader's node, for the average",
		"after the worst loss", "groups without a majority then", "replicas that one more node takes over", "a node's even share"}
	for _, n := range names {
		rows = append(rows, []string{n})
	}
	for _, f := range c.Aims() {
		p := f.Place(1)
		rows[0] = append(rows[0], fmt.Sprintf("%d replicas", f.Replicas))
		for i, cell := range []string{times(p.GroupSpread), times(p.NodeSpread), times(p.LeaderMost), times(p.LostMost), whole(p.Unled), share(p.Moved), share(1 / float64(f.Nodes+1))} {
			rows[i+1] = append(rows[i+1], cell)
		}
	}
	return table(rows...)
}

func (c Costs) growthTable() string {
	rows := [][]string{{"sessions", "requests a second", "groups", "nodes", "decided by", "resident on a node"}}
	for _, n := range []Need{{1e6, 1e4, 3, 1, imbalance}, {5e6, 5e4, 3, 1, imbalance}, {20e6, 2e5, 3, 1, imbalance}, {100e6, 1e6, 3, 1, imbalance}, {1e9, 1e6, 3, 1, imbalance}} {
		f := c.Size(n)
		by := "memory"
		switch f.Nodes {
		case f.ByProcessors:
			by = "processors"
		case f.ByLink:
			by = "network"
		case n.Replicas:
			by = "the replicas"
		}
		rows = append(rows, []string{size(n.Sessions, ""), rate(n.PerSecond), whole(f.Groups), whole(f.Nodes), by, size(f.ResidentBytes, "B")})
	}
	return table(rows...)
}

// number shows three digits.
func number(x float64) string {
	if x >= 1000 {
		return commas(x)
	}
	return fmt.Sprintf("%.3g", x)
}

func commas(x float64) string {
	text := fmt.Sprintf("%.0f", x)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// rate shows two digits: no model knows more.
func rate(x float64) string {
	switch {
	case math.IsInf(x, 0):
		return "none"
	case x < 100:
		return fmt.Sprintf("%.2g", x)
	}
	unit := math.Pow(10, math.Floor(math.Log10(x))-1)
	return commas(math.Round(x/unit) * unit)
}

func whole(n int) string        { return commas(float64(n)) }
func share(x float64) string    { return fmt.Sprintf("%.0f %%", 100*x) }
func times(x float64) string    { return fmt.Sprintf("× %.2f", x) }
func ms(d time.Duration) string { return fmt.Sprintf("%.2g ms", d.Seconds()*1000) }

func seconds(x float64) string {
	if x < 100 {
		return fmt.Sprintf("%.2g s", x)
	}
	return fmt.Sprintf("%.2g min", x/60)
}

// size shows a number with a prefix of thousands.
func size(x float64, unit string) string {
	for _, p := range []struct {
		from   float64
		prefix string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if x >= p.from {
			if unit == "" {
				p.prefix = map[string]string{"G": " billion", "M": " million", "k": ",000"}[p.prefix]
				return fmt.Sprintf("%.3g%s", x/p.from, p.prefix)
			}
			return fmt.Sprintf("%.3g %s%s", x/p.from, p.prefix, unit)
		}
	}
	return fmt.Sprintf("%.3g %s", x, unit)
}
