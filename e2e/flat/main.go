// Command flat measures whether the costs of a store stay flat as it grows: latencies with few sessions and with many, and before,
// while and after what a store has to do beside answering. It writes docs/performance/flat.md; scripts/bench-flat.sh runs it.
//
//	go run ./e2e/flat -nodes 1 -sessions 1000000 -out docs/performance
//	go run ./e2e/flat -memory -sessions 1000000 -out docs/performance
//
// It starts real nodes on loopback, and with -memory a redis-server beside. All of it ends with the command. Linux only.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// options is what a run was told.
type options struct {
	nodes      int
	sessions   int
	few        int // what many sessions are held against
	storm      time.Duration
	stormSize  int
	lead       time.Duration // from when its sessions are there to the storm, beside what is measured before it
	subject    int           // sessions of one subject
	settle     time.Duration // load before anything is measured
	span       time.Duration // measured before and after each event
	least      time.Duration // of the time that counts as during an event
	calibrate  time.Duration
	rest       time.Duration // without any load, before memory is looked at again
	part       float64       // of capacity, as the steady load
	flags      []string
	only       string // events, by the beginning of their names
	smoke      bool   // only events that take moments
	binary     string
	keepLogsIn string
}

func defaults() options {
	return options{nodes: 1, sessions: 1000000, few: 10000, storm: time.Minute, stormSize: 500000, lead: 5 * time.Second, subject: 10000, settle: 3 * time.Second,
		span: 15 * time.Second, least: time.Second, calibrate: 8 * time.Second, rest: 20 * time.Second, part: 1.0 / 3}
}

func main() {
	o := defaults()
	memory := flag.Bool("memory", false, "measure memory beside Redis instead")
	out := flag.String("out", "", "directory for the page, the raw figures and the pictures; empty: a summary on standard output")
	flag.IntVar(&o.nodes, "nodes", o.nodes, "1 or 3")
	flag.IntVar(&o.sessions, "sessions", o.sessions, "how many sessions are many")
	flag.IntVar(&o.few, "few", o.few, "how many are few")
	flag.IntVar(&o.stormSize, "storm", o.stormSize, "sessions that are due within a minute")
	flag.DurationVar(&o.span, "span", o.span, "how long is measured before and after each event")
	flag.DurationVar(&o.rest, "rest", o.rest, "how long nothing happens before memory at rest is measured; what makes lost answers harmless is kept for five minutes")
	flag.Float64Var(&o.part, "load", o.part, "the steady load as a part of the capacity that is found")
	flag.StringVar(&o.only, "only", "", "only events whose names begin like this")
	flag.StringVar(&o.binary, "binary", "", "a sessnode that is built already, to hold one build against another; empty: it is built from this tree")
	flag.StringVar(&o.keepLogsIn, "work", "", "directory for data and logs, which stay; empty: a temporary one")
	rewrite := flag.Bool("rewrite", false, "measure nothing: make the pages anew from the raw figures in -out")
	most := flag.Duration("most", 90*time.Minute, "the run ends after this time, whatever it is at")
	flag.Parse()
	o.flags = flag.Args()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *most)
	defer cancel()
	logf := func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
	}
	var err error
	if *rewrite {
		err = errors.Join(writePage(*out), writeMemoryPage(*out))
	} else if *memory {
		err = writeMemory(ctx, o, *out, logf)
	} else {
		err = writeFlat(ctx, o, *out, logf)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// writeFlat measures and adds the result to the page.
func writeFlat(ctx context.Context, o options, out string, log func(string, ...any)) error {
	dir, clean, err := workDir(o)
	if err != nil {
		return err
	}
	defer clean()
	r, err := measure(ctx, o, dir, log)
	if err != nil {
		return err
	}
	if out == "" {
		fmt.Print(tables(r))
		return nil
	}
	raw := filepath.Join(out, "flat")
	if err := os.MkdirAll(raw, 0o755); err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(raw, r.name()+".json"), r); err != nil {
		return err
	}
	return writePage(out)
}

func workDir(o options) (dir string, clean func(), err error) {
	if o.keepLogsIn != "" {
		return o.keepLogsIn, func() {}, os.MkdirAll(o.keepLogsIn, 0o700)
	}
	dir, err = os.MkdirTemp("", "sessnode-flat-")
	return dir, func() { _ = os.RemoveAll(dir) }, err
}

func writeJSON(path string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// Result is one run, as its JSON has it.
type Result struct {
	Machine  Machine  `json:"machine"`
	Nodes    int      `json:"nodes"`
	Sessions int      `json:"sessions"`
	Few      int      `json:"few"`
	Flags    []string `json:"flags"`

	FillRate float64 `json:"fill_rate"` // sessions a second
	Capacity float64 `json:"capacity"`  // requests a second of the mixture, closed loop
	Rate     float64 `json:"rate"`      // of the steady load

	AtFew  Window  `json:"at_few"`
	AtMany Window  `json:"at_many"`
	Events []Event `json:"events"`

	ResidentBytes float64 `json:"resident_bytes"` // of the leader, with many sessions under load
	HeapBytes     float64 `json:"heap_bytes"`
}

func (r Result) name() string { return fmt.Sprintf("%d-nodes-%d", r.Nodes, r.Sessions) }

// build makes the nodes' binary, unless there is one.
func (o options) build(ctx context.Context, dir string) (string, error) {
	if o.binary != "" {
		return o.binary, nil
	}
	return harness.Build(ctx, dir)
}

// measure makes one run.
func measure(ctx context.Context, o options, dir string, log func(string, ...any)) (r Result, err error) {
	r = Result{Machine: thisMachine(), Nodes: o.nodes, Sessions: o.sessions, Few: o.few, Flags: append([]string{}, o.flags...)}
	binary, err := o.build(ctx, dir)
	if err != nil {
		return r, err
	}
	s, err := open(ctx, binary, dir, o.nodes, o.flags)
	defer func() {
		if closeErr := s.close(context.WithoutCancel(ctx)); err == nil {
			err = closeErr
		}
	}()
	if err != nil {
		return r, err
	}
	sc := &scene{options: o, site: s, people: newPeople(), log: log}
	if err := s.policy(ctx, "200h"); err != nil {
		return r, err
	}
	if err := sc.grow(ctx, &r); err != nil {
		return r, err
	}
	return r, sc.events(ctx, &r)
}

// grow fills few sessions, finds the capacity, measures, fills the others and measures again.
func (s *scene) grow(ctx context.Context, r *Result) error {
	if err := s.fillTo(ctx, s.few, r); err != nil {
		return err
	}
	s.log("about %v to go", forecastFlat(s.options, r.FillRate).Round(time.Minute))
	s.load = newSteady(s.people, s.site.leader.HTTPAddr)
	s.load.begin(ctx, 0)
	err := pause(ctx, s.calibrate)
	all, _ := s.load.end()
	if err != nil {
		return err
	}
	r.Capacity = float64(len(all)) / s.calibrate.Seconds()
	r.Rate = r.Capacity * s.part
	s.rate = r.Rate
	s.log("capacity %.0f requests a second; steady load %.0f", r.Capacity, r.Rate)
	if r.AtFew, err = s.quiet(ctx); err != nil {
		return err
	}
	if err := s.fillTo(ctx, s.sessions, r); err != nil {
		return err
	}
	if r.AtMany, err = s.quiet(ctx); err != nil {
		return err
	}
	m, err := measureNode(ctx, s.site.leader)
	r.ResidentBytes, r.HeapBytes = m["rss"], m["go_memstats_heap_inuse_bytes"]
	return err
}

func (s *scene) fillTo(ctx context.Context, to int, r *Result) error {
	from := s.people.filled
	if to <= from {
		return nil
	}
	took, err := fill(ctx, s.people, s.site.leader.HTTPAddr, uint64(from), uint64(to), subjectOf, nothing)
	if err != nil {
		return err
	}
	s.people.filled = to
	r.FillRate = float64(to-from) / took.Seconds()
	s.log("%d sessions, %.0f made a second", to, r.FillRate)
	return nil
}

// begin begins the steady load, once nothing happens any more, and lets it settle.
func (s *scene) begin(ctx context.Context, settle time.Duration) error {
	if err := s.site.rested(ctx); err != nil {
		return err
	}
	s.load.begin(ctx, s.rate)
	err := pause(ctx, settle)
	if err != nil {
		s.load.end()
	}
	return err
}

// quiet measures the steady load while nothing happens.
func (s *scene) quiet(ctx context.Context) (Window, error) {
	if err := s.begin(ctx, 2*s.settle); err != nil {
		return Window{}, err
	}
	from := s.load.now()
	var b metrics
	a, err := measureNode(ctx, s.site.leader)
	if err == nil {
		err = pause(ctx, 2*s.span)
	}
	to := s.load.now()
	if err == nil {
		b, err = measureNode(ctx, s.site.leader)
	}
	all, wrong := s.load.end()
	if err == nil && wrong > 0 {
		err = fmt.Errorf("%d sessions were not found though they were acknowledged", wrong)
	}
	w := window(all, from, to)
	w.GC = gcBetween(a, b, to-from)
	s.log("p99 of writes %.2f ms, of reads %.2f ms; failed %v", w.Writes.P99, w.Reads.P99, w.Failed)
	return w, err
}

// events makes all events, one after the other.
func (s *scene) events(ctx context.Context, r *Result) error {
	var cut moments
	due := time.Time{}
	const together = "one-subject"
	steps := []struct {
		name    string
		prepare func() error
		happen  func() happening
	}{
		{"snapshot", nil, func() happening { return snapshotted(&cut) }},
		{"revoke-all", func() error {
			from := s.people.take(s.subject)
			_, err := fill(ctx, s.people, s.site.leader.HTTPAddr, from, from+uint64(s.subject), func(uint64) string { return together }, nothing)
			return err
		}, func() happening { return revokedAll(together, s.subject) }},
		{"expiry storm", func() (err error) {
			due, err = prepareStorm(ctx, s, s.stormSize, max(r.FillRate, 1))
			return err
		}, func() happening { return stormed(due, s.stormSize) }},
		{"policy change", nil, func() happening { return changedPolicy }},
		{"restart", nil, func() happening { return restarted }},
		{"join", nil, func() happening { return joined }},
	}
	for _, step := range steps {
		if !strings.HasPrefix(step.name, s.only) || s.smoke && (step.name == "restart" || step.name == "join") {
			continue
		}
		if step.prepare != nil {
			s.log("prepare %s", step.name)
			if err := step.prepare(); err != nil {
				return fmt.Errorf("prepare %s: %w", step.name, err)
			}
		}
		e, err := s.during(ctx, step.name, step.happen())
		if err != nil {
			return err
		}
		r.Events = append(r.Events, e)
		if e.Wrong > 0 {
			return fmt.Errorf("%s: %d sessions were not found though they were acknowledged", step.name, e.Wrong)
		}
	}
	return nil
}
