package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const pageHead = `# Flat as it grows

What a request costs with few sessions and with many, and while the store does what it has to do beside answering. Every session has 512
bytes in four attributes, a subject of its own, an idle and a lifetime deadline. The load is steady and open: requests are due at a fixed rate, a third of what
the same nodes carried in a closed loop in the same run, and a latency counts from when the request was due. The mixture is 35 % read, 15 % read
with touch, 20 % patch, 10 % each of create, rotate and revoke; all through the leader. Nodes, clients and whatever else runs share the processors.

<!-- run: skip it takes a quarter of an hour and gigabytes -->
` + "```sh\n./scripts/bench-flat.sh --nodes 1 --sessions 1000000\n```" + `

The command writes this page from the raw figures beside it (` + "`flat/*.json`" + `). A run ends with an error if an event was not seen to have happened, or if one
session that was acknowledged was not found. Before, during and after are p99 of writes; the longest gap is the longest time in which no
write succeeded. A short event's "during" is the second from its beginning. Where the load average at the beginning is not near zero, others used
the machine too: then latencies are theirs as much as the store's, and only processor time, memory and what happened say something.
`

// writePage makes the page anew from all raw figures in out/flat.
func writePage(out string) error {
	paths, err := filepath.Glob(filepath.Join(out, "flat", "*.json"))
	if err != nil {
		return err
	}
	slices.Sort(paths)
	var b strings.Builder
	b.WriteString(pageHead)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var r Result
		if err := json.Unmarshal(text, &r); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		b.WriteString(tables(r))
		for _, e := range r.Events {
			name := r.name() + "-" + strings.ReplaceAll(e.Name, " ", "-") + ".svg"
			if err := os.WriteFile(filepath.Join(out, "flat", name), []byte(picture(e.Name, e)), 0o644); err != nil {
				return err
			}
			fmt.Fprintf(&b, "\n![latency of writes over time: %s](flat/%s)\n", e.Name, name)
		}
	}
	return os.WriteFile(filepath.Join(out, "flat.md"), []byte(b.String()), 0o644)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return grouped(n) + " " + what + "s"
}

// grouped writes a number with commas.
func grouped(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func ratio(a, b float64) string {
	if a == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", b/a)
}

func three(q Quantiles) string { return fmt.Sprintf("%.2f / %.2f / %.2f", q.P50, q.P99, q.P999) }

// tables is one run in Markdown.
func tables(r Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s, %s\n\n", plural(r.Nodes, "node"), plural(r.Sessions, "session"))
	settings := "defaults of `serve`"
	if len(r.Flags) > 0 {
		settings = "`" + strings.Join(r.Flags, " ") + "`"
	}
	if r.Machine.GOGC != "" || r.Machine.Limit != "" {
		settings += fmt.Sprintf(", `GOGC=%s`, `GOMEMLIMIT=%s`", r.Machine.GOGC, r.Machine.Limit)
	}
	fmt.Fprintf(&b, "%s, %d processors, %s, %s, build %s; load average %s when it began; %s. Sessions were made through the create route, %s a second. "+
		"Capacity %s requests a second, steady load %s. The leader's resident memory with all sessions under load: %.0f bytes a session, %.0f of them in use on the Go heap.\n\n",
		r.Machine.CPU, r.Machine.Cores, r.Machine.Memory, r.Machine.Go, r.Machine.Version, r.Machine.Load, settings, grouped(int(r.FillRate)), grouped(int(r.Capacity)),
		grouped(int(r.Rate)), r.ResidentBytes/float64(r.Sessions), r.HeapBytes/float64(r.Sessions))
	fmt.Fprintf(&b, "| p50 / p99 / p99.9, ms | %s sessions | %s sessions | p99, ratio |\n| --- | ---: | ---: | ---: |\n", grouped(r.Few), grouped(r.Sessions))
	for o := range op(ops) {
		few, many := r.AtFew.Ops[o.String()], r.AtMany.Ops[o.String()]
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", o, three(few), three(many), ratio(few.P99, many.P99))
	}
	fmt.Fprintf(&b, "| all writes | %s | %s | %s |\n", three(r.AtFew.Writes), three(r.AtMany.Writes), ratio(r.AtFew.Writes.P99, r.AtMany.Writes.P99))
	fmt.Fprintf(&b, "| processor time of the leader a request, µs | %.0f | %.0f | %s |\n", r.AtFew.cpu(), r.AtMany.cpu(), ratio(r.AtFew.cpu(), r.AtMany.cpu()))
	fmt.Fprintf(&b, "| collector: cycles, longest pause, its share of processor time | %s | %s | |\n", r.AtFew.GC, r.AtMany.GC)
	if len(r.Events) == 0 {
		return b.String()
	}
	b.WriteString("\n| event | took | p99 of writes before | during | after | during : before | p99.9 before | during | longest gap | late afterwards | failed | processor time a request, before, during | collector during |\n" +
		"| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n")
	for _, e := range r.Events {
		bad := 0
		for _, n := range e.During.Failed {
			bad += n
		}
		fmt.Fprintf(&b, "| %s: %s | %.2f s | %.2f | %.2f | %.2f | %s | %.2f | %.2f | %.0f ms | %.1f s | %d | %.0f, %.0f µs | %s |\n", e.Name, e.What, e.Took, e.Before.Writes.P99, e.During.Writes.P99,
			e.After.Writes.P99, ratio(e.Before.Writes.P99, e.During.Writes.P99), e.Before.Writes.P999, e.During.Writes.P999, e.During.GapMs, e.Late, bad,
			e.Before.cpu(), e.During.cpu(), e.During.GC)
	}
	return b.String()
}

// cpu is the leader's processor time a request that succeeded, in microseconds: what a machine that others use too says most reliably.
func (w Window) cpu() float64 {
	return w.GC.Busy * w.Seconds * 1e6 / float64(max(w.Reads.Count+w.Writes.Count, 1))
}

// String is a collector's work in a cell of a table.
func (g GC) String() string {
	if g.Busy == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f, ≤ %.2f ms, %.0f %%", g.Cycles, g.WorstMs, 100*g.CPU)
}
