// Command overload measures what three nodes do with more requests than they can carry, and writes docs/performance/overload.md.
//
//	go run ./e2e/overload -out docs/performance/overload.md
//
// Requests arrive in an open loop: at a rate, whatever becomes of those before. A request that finds no free connection is
// turned away at the client; one that is answered well within a second of when it was due counts as goodput.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// options is what is measured.
type options struct {
	binary  string // empty: built
	out     string
	mixes   []string
	conns   []int
	factors []float64
	last    time.Duration
	rounds  int
	flags   []string // of serve
	costs   string   // file to bring up to date, instead of all else
}

func main() {
	var o options
	flag.StringVar(&o.out, "out", "", "file for the page; empty: standard output")
	flag.StringVar(&o.binary, "binary", "", "the sessnode to measure; empty: built from this module")
	flag.StringVar(&o.costs, "costs", "", "measure only what an operation costs, into this file of e2e/sim")
	mixNames := flag.String("mix", "create,read,mixed", "what is sent")
	conns := flag.String("conns", "256,2000", "over how many connections")
	factors := flag.String("factors", "0.5,0.9,1.5,2,3,5", "times the capacity that arrives")
	flags := flag.String("serve", "", "more flags of serve")
	flag.DurationVar(&o.last, "last", 4*time.Second, "how long each rate lasts")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each rate is measured")
	flag.Parse()
	o.rounds = max(o.rounds, 1)
	o.mixes, o.flags = strings.Split(*mixNames, ","), strings.Fields(*flags)
	for _, f := range strings.Split(*factors, ",") {
		if x, err := strconv.ParseFloat(f, 64); err == nil {
			o.factors = append(o.factors, x)
		}
	}
	for _, c := range strings.Split(*conns, ",") {
		n, _ := strconv.Atoi(c)
		o.conns = append(o.conns, n)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := measure(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "sessnode-overload-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.binary == "" {
		if o.binary, err = harness.Build(ctx, dir); err != nil {
			return err
		}
	}
	cluster, f, err := start(ctx, o.binary, dir, o.flags...)
	defer func() {
		if closeErr := cluster.Close(context.WithoutCancel(ctx)); err == nil {
			err = closeErr
		}
	}()
	if err == nil {
		err = f.prepare(ctx, 2000)
	}
	if err != nil {
		return err
	}
	if o.costs != "" {
		return measureCosts(ctx, cluster, f, o)
	}
	return o.all(ctx, cluster, f)
}

// all measures every curve, then the strip of a flood, and writes the page.
func (o options) all(ctx context.Context, cluster *harness.Cluster, f *flood) error {
	text, _ := os.ReadFile("/proc/loadavg")
	load, _, _ := strings.Cut(string(text), " ")
	var cells []cell
	var strips []strip
	for _, m := range mixes {
		if !slices.Contains(o.mixes, m.name) {
			continue
		}
		for _, c := range o.conns {
			f.mix, f.conns = m, c
			table, err := curve(ctx, cluster, f, o)
			if err != nil {
				return err
			}
			cells = append(cells, table...)
		}
		if len(o.factors) > 0 {
			s, err := o.strip(ctx, cluster, f, cells[len(cells)-1].base)
			if err != nil {
				return err
			}
			strips = append(strips, s)
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return o.write(cells, strips, load)
}

// stripPart is how long a strip shows what was before a flood, and after it; the flood lasts twice as long.
const stripPart = 6 * time.Second

// strip sends half of the capacity, then five times as much as it, then half again.
func (o options) strip(ctx context.Context, cluster *harness.Cluster, f *flood, capacity float64) (strip, error) {
	s := strip{mix: f.mix.name, conns: f.conns, capacity: capacity, plan: []stretch{{capacity / 2, stripPart}, {5 * capacity, 2 * stripPart}, {capacity / 2, stripPart}}}
	workers, err := f.connect(ctx)
	if err != nil {
		return s, err
	}
	stop := watch(cluster.Nodes)
	s.records, s.bins = f.over(ctx, workers, s.plan)
	s.usage = stop()
	fmt.Printf("strip: all is well again after %v\n", s.recovery())
	return s, nil
}
