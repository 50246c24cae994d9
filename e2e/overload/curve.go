package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// cell is one rate over a number of connections, measured once in each round.
type cell struct {
	mix     string
	conns   int     // of its table
	through int     // how many are used: fewer than conns in a closed loop alone
	factor  float64 // times the capacity that arrives; 0: closed loop
	base    float64 // the capacity
	rounds  []run
}

// run is what one round saw of a cell.
type run struct {
	record
	usage
}

// perSecond is the goodput.
func (r *run) perSecond() float64 { return float64(r.ok) / r.seconds }

// perPower is the goodput for a second of the nodes' processors.
func (r *run) perPower(last time.Duration) float64 {
	return r.perSecond() * last.Seconds() / max(r.cpu.Seconds(), 0.01)
}

// middle is the round whose goodput is the median; of an even number the lower one in the middle.
func (c *cell) middle() *run {
	sorted := slices.Clone(c.rounds)
	slices.SortFunc(sorted, func(a, b run) int { return cmp.Compare(a.perSecond(), b.perSecond()) })
	return &sorted[(len(sorted)-1)/2]
}

// goodput is the median of the rounds.
func (c *cell) goodput() float64 { return c.middle().perSecond() }

// of compares goodputs: the medians, and the least and the greatest of the rounds, each with the same round of the other.
func (c *cell) of(other *cell) (ratio, least, most float64) {
	for i := range c.rounds {
		r := c.rounds[i].perSecond() / max(other.rounds[i].perSecond(), 1)
		if i == 0 {
			least, most = r, r
		}
		least, most = min(least, r), max(most, r)
	}
	return c.goodput() / max(other.goodput(), 1), least, most
}

// fewConns is how many connections carry the most, where each has one request under way.
const fewConns = 256

// capacity is the most that a closed loop did in three tries: what is a multiple of it is no less than that.
func capacity(ctx context.Context, f *flood, o options) (most float64, err error) {
	conns := f.conns
	f.conns = min(conns, fewConns)
	defer func() { f.conns = conns }()
	for range 3 {
		records, _, err := f.run(ctx, []stretch{{0, o.last}})
		if err != nil {
			return 0, err
		}
		most = max(most, float64(records[0].ok)/records[0].seconds)
	}
	if most == 0 {
		return 0, fmt.Errorf("no %s was answered well in a closed loop", f.mix.name)
	}
	return most, nil
}

// curve measures the capacity and then, in rounds, closed loops and what becomes of multiples of it. Every second round goes backwards: creates leave a larger
// store to what comes after them, and so does whatever else changes with time.
func curve(ctx context.Context, cluster *harness.Cluster, f *flood, o options) ([]cell, error) {
	base, err := capacity(ctx, f, o)
	if err != nil {
		return nil, err
	}
	conns := f.conns
	cells := []cell{{through: min(conns, fewConns)}}
	if conns > fewConns {
		cells = append(cells, cell{through: conns})
	}
	for _, factor := range o.factors {
		cells = append(cells, cell{through: conns, factor: factor})
	}
	for round := range o.rounds {
		for i := range cells {
			if round%2 == 1 {
				i = len(cells) - 1 - i
			}
			c := &cells[i]
			c.mix, c.conns, c.base, f.conns = f.mix.name, conns, base, c.through
			workers, err := f.connect(ctx)
			if err != nil {
				return nil, err
			}
			stop := watch(cluster.Nodes)
			records, _ := f.over(ctx, workers, []stretch{{c.factor * base, o.last}})
			c.rounds = append(c.rounds, run{records[0], stop()})
			c.show(&c.rounds[round], o.last)
		}
	}
	f.conns = conns
	return cells, nil
}

func (c *cell) show(r *run, last time.Duration) {
	fmt.Printf("%-7s %5d conns x%.1f  due %7.0f/s  goodput %6.0f/s  late %5.0f/s  refused %6.0f/s  away %6.0f/s  lost %4d  p50 %6.1f  p99 %7.1f  max %7.1f ms  refusal p50 %6.1f p99 %6.1f ms  cpu %.2f gen %.2f  ok/cpu-s %5.0f  %4.0f MiB\n", c.mix, c.through, c.factor,
		float64(r.due)/r.seconds, r.perSecond(), float64(r.late)/r.seconds, float64(r.refused)/r.seconds, float64(r.away)/r.seconds, r.lost,
		ms(r.answered.Quantile(0.5)), ms(r.answered.Quantile(0.99)), ms(r.answered.Max()), ms(r.refusals.Quantile(0.5)), ms(r.refusals.Quantile(0.99)),
		r.cpu.Seconds()/last.Seconds(), r.own.Seconds()/last.Seconds(), r.perPower(last), r.rise)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
