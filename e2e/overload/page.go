package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// strip is a flood with what was before and after it.
type strip struct {
	mix      string
	conns    int
	capacity float64
	plan     []stretch
	bins     []counts
	records  []record
	usage
}

// recovery is how long after the flood a second began in which at least 95 %% of what arrived was answered in time, bin for bin. Negative: never.
func (s strip) recovery() time.Duration {
	end := s.plan[0].last + s.plan[1].last
	const bins = int(time.Second / binWidth)
	well := 0
	for i := int(end / binWidth); i < len(s.bins)-1; i++ {
		if c := s.bins[i]; c.ok*20 < c.due*19 {
			well = 0
		} else if well++; well == bins {
			return time.Duration(i-bins+1)*binWidth - end
		}
	}
	return -1
}

const pageHead = `# More requests than three nodes carry

Three nodes with the defaults of ` + "`serve`" + ` and the generator on one machine: %s/%s, %d processors, load average %s before the first run. Requests arrive in
an **open loop**: at a rate, whatever becomes of those before, over a number of connections that are shared out over the nodes. One that finds no free connection
within %d ms is turned away at the client. **Goodput** is what is answered well within %v of when it was due. The **capacity** is
the most that a closed loop over 256 connections did in three tries before a table; connections are made before what is measured; lines are of closed loops and of multiples of it. Each lasted %v, the first second not counted, in each of %d
rounds, every second one of them backwards; a line shows the round whose goodput is the median. Repeat it with

<!-- run: skip it takes a quarter of an hour -->
` + "```sh\n./scripts/bench-overload.sh\n```" + `

![Goodput by the load that arrives, and the strip of a flood](overload.svg)

`

const pageTail = `How to read it:

- **Goodput** should stay within a tenth of the peak, the best line of the same table, however much arrives. What else runs on the machine changes from one table to the next. What [a node does with too much](../reference/limits.md#when-more-comes-than-a-node-can-carry)
  is a rule of time: it works on as many requests as it gets done in 100 ms, lets the last that came go first, and refuses the others after a while, certainly not done.
- **Refused** is answered with 503, reason ` + "`overload`" + ` and ` + "`Retry-After`" + `, which this generator ignores: it is the rudest of clients. **Turned away** never left the client,
  because all its connections waited: a refusal takes a while, so that a flood over few connections costs the nodes next to nothing.
- **In the rounds**: the same round of the line over that of the peak, the least and the greatest. The peak is the best of several lines, so chance lowers all others.
- A refusal is not free: headers are read and an answer is written.
- **Resident** is of the round that is shown. Creates make the store larger from line to line, and from round to round.
- The generator takes its processor time from the same machine, more of it the more arrives. "Answers for a second of the nodes' processors" leaves that out.
`

// write renders the page and its picture.
func (o options) write(cells []cell, strips []strip, load string) error {
	var b strings.Builder
	fmt.Fprintf(&b, pageHead, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), load, patience.Milliseconds(), inTime, o.last, o.rounds)
	b.WriteString(judge(cells))
	for i := range cells {
		c := &cells[i]
		if i == 0 || c.mix != cells[i-1].mix || c.conns != cells[i-1].conns {
			fmt.Fprintf(&b, "| %s, %s connections, capacity %s | arrives a second | goodput | of the peak | in the rounds | refused | turned away | late | lost | p50 | p99 | refusal p50 | answers for a second of the nodes' processors | resident, largest node |\n", c.mix, commas(c.conns), commas(int(c.base)))
			b.WriteString("| --- |" + strings.Repeat(" ---: |", 13) + "\n")
		}
		b.WriteString(c.line(peakOf(cells, c), o.last))
		if i == len(cells)-1 || c.mix != cells[i+1].mix || c.conns != cells[i+1].conns {
			b.WriteString("\n")
		}
	}
	for _, s := range strips {
		flood := s.records[1]
		fmt.Fprintf(&b, "**The strip**: %s over %s connections, half of the capacity, then five times as much as it for %v, then half again. During the flood goodput was %.0f %% of the capacity, and the largest node had %.0f MiB; ", s.mix,
			commas(s.conns), s.plan[1].last, 100*float64(flood.ok)/flood.seconds/s.capacity, s.rise)
		if well := s.recovery(); well >= 0 {
			fmt.Fprintf(&b, "from %v after it on (the strip's bins have %v) 95 %% of what arrived or more was answered in time.\n\n", well, binWidth)
		} else {
			fmt.Fprintf(&b, "**in the %v after it there was no second in which 95 %% of what arrived was answered in time**.\n\n", s.plan[2].last)
		}
	}
	b.WriteString(pageTail)
	if o.out == "" {
		fmt.Print(b.String())
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(o.out), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(strings.TrimSuffix(o.out, ".md")+".svg", []byte(picture(cells, strips)), 0o644); err != nil {
		return err
	}
	return os.WriteFile(o.out, []byte(b.String()), 0o644)
}

// peakOf finds the most that was reached in the same table: those before were measured at another time.
func peakOf(cells []cell, c *cell) *cell {
	peak := c
	for i := range cells {
		if other := &cells[i]; other.mix == c.mix && other.conns == c.conns && other.goodput() > peak.goodput() {
			peak = other
		}
	}
	return peak
}

// wanted is how much of the peak is to be left at the most that arrives.
const wanted = 0.9

// judge holds each table against what is wanted. More connections cost something by themselves, so a closed loop over as many is shown beside the peak.
func judge(cells []cell) string {
	var b strings.Builder
	most := 0.0
	for i := range cells {
		most = max(most, cells[i].factor)
	}
	for i := range cells {
		c := &cells[i]
		if c.factor < most || most == 0 {
			continue
		}
		if b.Len() == 0 {
			fmt.Fprintf(&b, "| goodput at %g × the capacity | of the peak | in the rounds | wanted | | of the closed loop over as many connections | least of the peak where more than the capacity arrives |\n", most)
			b.WriteString("| --- | ---: | ---: | ---: | --- | ---: | --- |\n")
		}
		peak := peakOf(cells, c)
		ratio, low, high := c.of(peak)
		verdict := "met"
		if ratio < wanted {
			verdict = "**missed**"
		}
		same, worst := c, c
		for j := range cells {
			switch other := &cells[j]; {
			case other.mix != c.mix || other.conns != c.conns:
			case other.factor == 0 && other.through == c.through:
				same = other
			case other.factor > 1 && other.goodput() < worst.goodput():
				worst = other
			}
		}
		ofSame, _, _ := c.of(same)
		least, _, _ := worst.of(peak)
		fmt.Fprintf(&b, "| %s, %s connections | %.0f %% | %.0f to %.0f %% | %.0f %% | %s | %.0f %% | %.0f %% at %g × |\n", c.mix, commas(c.conns), 100*ratio, 100*low, 100*high, 100*wanted, verdict, 100*ofSame, 100*least, worst.factor)
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// line is a cell's in its table.
func (c *cell) line(peak *cell, last time.Duration) string {
	name := fmt.Sprintf("%g × the capacity", c.factor)
	if c.factor == 0 {
		name = fmt.Sprintf("closed loop over %s", commas(c.through))
	}
	r := c.middle()
	per := func(n uint64) string { return commas(int(float64(n) / r.seconds)) }
	ratio, least, most := c.of(peak)
	return fmt.Sprintf("| %s | %s | %s | %.0f %% | %.0f to %.0f %% | %s | %s | %s | %d | %.0f ms | %.0f ms | %.0f ms | %s | %.0f MiB |\n", name, per(r.due), per(r.ok), 100*ratio, 100*least, 100*most, per(r.refused), per(r.away),
		per(r.late), r.lost, ms(r.answered.Quantile(0.5)), ms(r.answered.Quantile(0.99)), ms(r.refusals.Quantile(0.5)), commas(int(r.perPower(last))), r.rise)
}

func commas(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
