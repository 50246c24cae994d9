package faults

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/drill/follow"
	"github.com/sessnode/sessnode/internal/drill/load"
)

// Config is one round.
type Config struct {
	Binary string
	Dir    string // empty; logs, metrics and captures stay there
	Seed   uint64
	Faults []Fault
	Log    *slog.Logger // what happens when
}

// The amounts that make a round convincing.
const (
	windowOps    = 500 // acknowledged operations inside each fault's window (issue: the fault test)
	warmOps      = 400 // before the first fault, and between faults
	windowLimit  = 25 * time.Second
	leaderLimit  = 10 * time.Second
	clockError   = time.Hour
	leastExpired = 3
	leastShare   = 35 // percent of acknowledged tries that went through followers; half of the first tries are meant to
)

// leastShared is how many requests must have come over connections that many clients share, to the processes that run in the end: those of half of
// the clients do.
const leastShared = 200

// round is a running round.
type round struct {
	cfg     Config
	rng     *rand.Rand
	cluster *harness.Cluster
	load    *load.Load
	follow  *follow.Follower
	capture *harness.Capture
	probe   func() error // sends the planted token over a captured port
	planted sessnode.Token
	final   []harness.Status

	report Report
	stood  []check.Span // when a majority stood still
}

// Run runs one round and returns its report. An error means that the round could not be run to its end; what was seen until
// then is in the report, and the error is one of its violations.
func Run(ctx context.Context, cfg Config) Report {
	r := &round{cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, 1)), planted: sessnode.NewToken()}
	r.report.Seed, r.report.Faults = cfg.Seed, cfg.Faults
	began := time.Now()
	err := r.run(ctx)
	if r.load != nil {
		r.load.Close()
	}
	if r.follow != nil {
		r.follow.Close()
	}
	if r.capture != nil {
		_, stopErr := r.capture.Stop()
		err = errors.Join(err, stopErr)
	}
	if r.cluster != nil {
		err = errors.Join(err, r.cluster.Close(context.WithoutCancel(ctx)))
	}
	if err != nil {
		r.report.add(check.Violation{Check: Incomplete, Detail: err.Error()})
	}
	r.report.Took = time.Since(began)
	if err := r.report.Save(r.path("report.txt")); err != nil {
		r.report.add(check.Violation{Check: Incomplete, Detail: err.Error()})
	}
	return r.report
}

// offsets puts one node's clock an hour off, in a direction that alternates with the seed; every third round all are right.
func (r *round) offsets() []time.Duration {
	offsets := make([]time.Duration, 3)
	switch r.cfg.Seed % 3 {
	case 0:
		offsets[r.rng.IntN(3)] = clockError
	case 1:
		offsets[r.rng.IntN(3)] = -clockError
	}
	return offsets
}

func (r *round) run(ctx context.Context) error {
	if err := r.setUp(ctx); err != nil {
		return err
	}
	r.load.Start(ctx)
	err := r.hurt(ctx)
	if err == nil {
		r.load.Stop()
		err = r.settle(ctx)
	} else {
		r.load.Close() // nobody can be waited for in a cluster that is not whole
	}
	r.cfg.Log.Info("the records are judged")
	r.judge()
	return err
}

// setUp starts the cluster, the capture of its ports, and prepares the load.
func (r *round) setUp(ctx context.Context) error {
	offsets := r.offsets()
	r.cfg.Log.Info("round", "seed", r.cfg.Seed, "faults", r.cfg.Faults, "clock_offsets", fmt.Sprint(offsets))
	var err error
	r.cluster, err = harness.New(ctx, harness.Config{Binary: r.cfg.Binary, Root: r.cfg.Dir, Nodes: 3, Profile: "fast",
		Offsets: offsets})
	if err != nil {
		return err
	}
	if err := r.startCapture(ctx); err != nil {
		return err
	}
	if err := r.cluster.Start(ctx); err != nil {
		return err
	}
	var urls []string
	for _, n := range r.cluster.Nodes {
		urls = append(urls, n.URL())
	}
	r.load = load.New(load.Config{Nodes: urls, Seed: r.cfg.Seed})
	listener, err := client.New(strings.Join(urls, ","), client.WithApp(load.App))
	if err == nil {
		r.follow = follow.Start(ctx, listener, sessnode.OldestEvent)
	}
	return err
}

// hurt lets the load warm up, injects each fault, and lets it calm down after each.
func (r *round) hurt(ctx context.Context) error {
	if err := r.awaitAcked(ctx, r.load.Recorder().Acked()+warmOps, "the warm-up"); err != nil {
		return err
	}
	for _, f := range r.cfg.Faults {
		if err := r.inject(ctx, f); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		if err := r.awaitAcked(ctx, r.load.Recorder().Acked()+warmOps, "calm after "+string(f)); err != nil {
			return err
		}
	}
	return nil
}

// awaitAcked waits until so many operations were acknowledged.
func (r *round) awaitAcked(ctx context.Context, want int64, what string) error {
	return harness.Await(ctx, windowLimit, what, func(context.Context) error {
		if got := r.load.Recorder().Acked(); got < want {
			return fmt.Errorf("%d operations are still to be acknowledged", want-got)
		}
		return nil
	})
}

// settle reads everything back, attacks what is dead, and compares the nodes: first what they say, then what lies on their
// disks when they have stopped.
func (r *round) settle(ctx context.Context) error {
	if err := r.cluster.AwaitReady(ctx); err != nil {
		return err
	}
	r.cfg.Log.Info("the cluster is whole, everything is read back and what is dead is attacked", "acked", r.load.Recorder().Acked())
	r.load.Finish()
	r.cfg.Log.Info("the nodes are compared")
	var err error
	if r.final, err = r.cluster.Agree(ctx, leaderLimit); err != nil {
		return err
	}
	heard, violations := r.follow.Judge(ctx, leaderLimit)
	r.report.Events = heard
	r.report.add(violations...)
	if err := r.saveMetrics(ctx); err != nil {
		return err
	}
	if err := r.stopCapture(); err != nil {
		return err
	}
	for _, n := range r.cluster.Nodes {
		if err := n.Stop(); err != nil {
			return err
		}
	}
	if err := r.compareLogs(); err != nil {
		return err
	}
	r.cfg.Log.Info("tokens are searched")
	return r.searchTokens()
}

func (r *round) path(name string) string { return filepath.Join(r.cfg.Dir, name) }
