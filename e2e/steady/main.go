// Command steady counts needless elections: it keeps three nodes of one machine saturated, kills and stops nothing, and says how often
// leadership moved all the same, why, and whether every acknowledged write is there afterwards. It writes docs/performance/steady.md.
//
//	go run ./e2e/steady                                              half a minute
//	go run ./e2e/steady -for 1h -out docs/performance/steady.md      on a quiet machine
//
// It ends by itself: with 0 where no leader was lost and no write is missing, with 1 otherwise, with 2 where that could not be told.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

// options is what is asked for.
type options struct {
	binary, out, profile, logs string
	mixes                      []string
	clients                    int
	last                       time.Duration // of each mix
}

// record is what became of one mix.
type record struct {
	options
	mix       string
	took      time.Duration
	elections []election
	tally
	machine
}

// verdict is in one word what a record says. A run in which hardly anything was written proves nothing.
func (r record) verdict() string {
	switch {
	case r.missing > 0 || r.ghosts > 0 || len(r.elections) > 0:
		return "FAIL"
	case r.acknowledged < 1000 || r.checked == 0:
		return "INCONCLUSIVE"
	}
	return "PASS"
}

func main() {
	var o options
	flag.DurationVar(&o.last, "for", 30*time.Second, "how long each mix is kept up, at most 6h")
	flag.StringVar(&o.out, "out", "", "file for the page; empty: standard output")
	flag.StringVar(&o.binary, "binary", "", "the sessnode to watch; empty: built from this module")
	flag.StringVar(&o.profile, "profile", "fast", "the time-outs of elections: fast or default")
	flag.StringVar(&o.logs, "logs", "", "folder to keep the nodes' logs in; empty: removed")
	flag.IntVar(&o.clients, "clients", 256, "how many clients write without a pause")
	mixNames := flag.String("mix", "create,mixed", "what is sent: create, mixed; one after the other")
	flag.Parse()
	o.mixes, o.last = strings.Split(*mixNames, ","), min(o.last, 6*time.Hour)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	records, err := o.all(ctx)
	if err == nil {
		err = write(o.out, render(records))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	for _, r := range records {
		switch r.verdict() {
		case "FAIL":
			os.Exit(1)
		case "INCONCLUSIVE":
			defer os.Exit(2)
		}
	}
}

// all runs each mix on a cluster of its own.
func (o options) all(ctx context.Context) ([]record, error) {
	dir, err := os.MkdirTemp("", "sessnode-steady-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if o.binary == "" {
		if o.binary, err = harness.Build(ctx, dir); err != nil {
			return nil, err
		}
	}
	var records []record
	for _, name := range o.mixes {
		if mixes[name] == nil {
			return nil, fmt.Errorf("-mix %s: there are create and mixed", name)
		}
		root, err := os.MkdirTemp(dir, name)
		if err != nil {
			return nil, err
		}
		r, err := o.run(ctx, root, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %s, %d changes of leader, %d of %d sessions missing or stale, %d back again\n", name, r.verdict(), len(r.elections), r.missing, r.checked, r.ghosts)
		records = append(records, r)
	}
	return records, nil
}

// run keeps one mix up.
func (o options) run(ctx context.Context, root, mix string) (r record, err error) {
	r = record{options: o, mix: mix}
	cluster, err := harness.New(ctx, harness.Config{Binary: o.binary, Root: root, Nodes: 3, Profile: o.profile, Plain: true,
		Args: func(string) []string { return []string{"--log-level", "info"} }})
	defer func() { err = errors.Join(err, cluster.Close(context.WithoutCancel(ctx)), keep(o.logs, mix, cluster)) }()
	if err != nil {
		return r, err
	}
	if err := cluster.Start(ctx); err != nil {
		return r, err
	}
	l := newLoad(cluster, o.clients, mixes[mix])
	if err := l.prepare(ctx); err != nil {
		return r, err
	}
	began, watched := time.Now(), watch()
	l.run(ctx, o.last)
	ended := time.Now()
	r.took, r.machine = ended.Sub(began), watched()
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	if r.tally, err = l.check(ctx); err != nil {
		return r, err
	}
	r.elections, err = elections(cluster, began, ended)
	return r, err
}

// keep copies the nodes' logs.
func keep(to, mix string, cluster *harness.Cluster) error {
	if to == "" || cluster == nil {
		return nil
	}
	var faults []error
	for _, n := range cluster.Nodes {
		text, err := os.ReadFile(n.LogFile)
		faults = append(faults, err, os.MkdirAll(to, 0o755), os.WriteFile(to+"/"+mix+"-"+n.Name+".log", text, 0o644))
	}
	return errors.Join(faults...)
}

func write(out, page string) error {
	if out == "" {
		fmt.Print(page)
		return nil
	}
	return os.WriteFile(out, []byte(page), 0o644)
}
