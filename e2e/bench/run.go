package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	load "github.com/sessnode/sessnode/internal/bench"
)

// mostSessions ends a run that has made so many.
const mostSessions = 4_000_000

// Run carries out a plan. saved is called after each visit with what there is by then, and in the end; it may be nil. What fails in one
// visit is in the report, as not measured; the error is that of a plan that could not be carried out at all, or of ctx.
func (w *Workshop) Run(ctx context.Context, p Plan, saved func(Report) error) (Report, error) {
	if err := p.Validate(); err != nil {
		return Report{}, err
	}
	r := Report{Schema: Schema, Machine: machine(w.Dir), Settings: Settings{
		DurationSeconds: p.Duration.Seconds(), WarmUpSeconds: p.WarmUp.Seconds(), Repetitions: p.Repeat, Sessions: p.Sessions, PayloadBytes: payloadBytes}}
	if saved == nil {
		saved = func(Report) error { return nil }
	}
	for rep := 1; rep <= p.Repeat; rep++ {
		for _, s := range p.Systems {
			if ctx.Err() != nil {
				return r, errors.Join(context.Cause(ctx), saved(r))
			}
			w.visit(ctx, &r, p, s, rep)
			if err := saved(r); err != nil {
				return r, err
			}
		}
	}
	for rep := 1; rep <= p.Failovers; rep++ {
		for _, s := range p.FailoverOf {
			if ctx.Err() != nil {
				return r, errors.Join(context.Cause(ctx), saved(r))
			}
			w.failover(ctx, &r, s, rep)
			if err := saved(r); err != nil {
				return r, err
			}
		}
	}
	r.Machine.LoadAfter = loadAverage()
	r.Ended = ctx.Err() == nil
	return r, errors.Join(context.Cause(ctx), saved(r))
}

// visit measures a system once. What could not be measured is entered as missing.
func (w *Workshop) visit(ctx context.Context, r *Report, p Plan, s System, rep int) {
	miss := func(what string, err error) {
		w.Log("%s: NOT MEASURED: %v", s.Name, err)
		r.Missing = append(r.Missing, Missing{s.Name, fmt.Sprintf("%s, repetition %d", what, rep), firstLine(err)})
	}
	site, err := w.site(s.Name)
	if err != nil {
		miss("all", err)
		return
	}
	defer os.RemoveAll(site.Folder)
	if s.isDisk() {
		c, err := measureDisk(ctx, site.Folder, p)
		if err != nil {
			miss("all", err)
			return
		}
		r.enter(s, &Running{Version: r.Machine.FileSystem}, c, rep)
		w.Log("%d %-15s %s", rep, s.Name, c)
		return
	}
	running, err := s.start(ctx, site)
	defer func() {
		if err := running.Stop(); err != nil {
			w.Log("%s: %v", s.Name, err)
		}
	}()
	if err != nil {
		miss("all", err)
		return
	}
	population, err := load.Populate(ctx, running.Store, p.load())
	if err != nil {
		miss("all", fmt.Errorf("populate: %w\n%s", err, site.said()))
		return
	}
	for _, c := range p.cells(s) {
		got, err := measure(ctx, population, running, c, p)
		if err != nil {
			miss(fmt.Sprintf("%s of %d clients", c.workload, c.clients), err)
			if ctx.Err() != nil {
				return
			}
			continue
		}
		r.enter(s, running, got, rep)
		w.Log("%d %-15s %s", rep, s.Name, got)
	}
}

// load is what package load needs of a plan.
func (p Plan) load() load.Plan {
	l := load.DefaultPlan()
	l.Duration, l.WarmUp, l.Sessions, l.PayloadBytes, l.MostSessions = p.Duration, p.WarmUp, p.Sessions, payloadBytes, mostSessions
	return l
}

// enter adds a cell to the report.
func (r *Report) enter(s System, running *Running, c Cell, rep int) {
	if r.system(s.Name) == nil {
		r.Systems = append(r.Systems, Measured{s, running.Version, running.Commands})
	}
	c.System, c.Repetition = s.Name, rep
	r.Cells = append(r.Cells, c)
}

// measure makes one run and takes the servers' and our own use of the processors meanwhile.
func measure(ctx context.Context, population *load.Population, running *Running, c cell, p Plan) (Cell, error) {
	w, err := workload(c.workload)
	if err != nil {
		return Cell{}, err
	}
	d, err := load.ParseDistribution(c.distribution)
	if err != nil {
		return Cell{}, err
	}
	type sample struct {
		servers, own float64
		err          error
	}
	began := make(chan sample, 1)
	timer := time.AfterFunc(p.WarmUp, func() { // the population's window opens then
		own := ownCPU()
		servers, err := cpuOf(running.Processes)
		began <- sample{servers, own, err}
	})
	defer timer.Stop()
	run, err := population.Run(ctx, w, c.clients, c.route, d)
	if err != nil {
		return Cell{}, err
	}
	own := ownCPU()
	servers, err := cpuOf(running.Processes)
	if err != nil {
		return Cell{}, err
	}
	before := <-began // a run lasts longer than its warm-up
	if before.err != nil {
		return Cell{}, before.err
	}
	got := Cell{Workload: c.workload, Distribution: c.distribution, Clients: c.clients, Route: c.route, Seconds: run.Seconds, OK: run.Total.OK,
		PerSecond: run.Total.PerSecond, Failed: run.Total.Failed(), WarmUpFailed: run.WarmUpErrors, Notes: run.Notes,
		P50: run.Total.Latency.P50 * 1e3, P99: run.Total.Latency.P99 * 1e3, P999: run.Total.Latency.P999 * 1e3}
	if got.Resident, got.ResidentAll, err = memoryOf(running.Processes); err != nil {
		return got, err
	}
	if run.Total.OK == 0 {
		return got, fmt.Errorf("no operation succeeded, %d failed", got.Failed)
	}
	thousands := float64(run.Total.OK) / 1000
	got.CPU = max(0, servers-before.servers) / thousands
	got.GeneratorCPU = (own - before.own) / thousands
	return got, nil
}

// ownCPU is the processor time of this program in seconds.
func ownCPU() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// String is a cell in one line, for those who watch.
func (c Cell) String() string {
	return fmt.Sprintf("%-10s %-7s %-6s %4d clients %9.0f/s  p50 %7.2f ms  p99 %7.2f ms  cpu %.3f s/1000 (generator %.3f)  %4d MB  failed %d",
		c.Workload, c.Distribution, c.Route, c.Clients, c.PerSecond, c.P50, c.P99, c.CPU, c.GeneratorCPU, c.Resident>>20, c.Failed)
}
