// Command cmd compares sessnode with what people would otherwise pick; scripts/bench-peers.sh builds and runs it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sessnode/sessnode/e2e/bench"
)

// options are what the flags say.
type options struct {
	systems, failoverOf, workloads, clients, distributions string
	out, tmp, bin, render, sessnodeArgs                    string
	plan                                                   bench.Plan
	dry                                                    bool
}

func main() {
	var o options
	flag.StringVar(&o.systems, "systems", "all", "which systems, by name, with commas; -NAME leaves one out: all,-etcd-lease")
	flag.StringVar(&o.failoverOf, "failover-of", "sessnode,sessnode-fast,etcd,nats,redis-sentinel-wait,redis-sentinel", "which systems lose their leader")
	flag.StringVar(&o.workloads, "workloads", "create,read,read+touch,touch,patch,mixed", "which workloads")
	flag.StringVar(&o.clients, "clients", "1,16,64,256", "numbers of clients")
	flag.StringVar(&o.distributions, "distributions", "uniform,zipf", "which sessions are wanted: uniform, zipf")
	flag.DurationVar(&o.plan.Duration, "duration", 6*time.Second, "how long each cell is measured")
	flag.DurationVar(&o.plan.WarmUp, "warmup", time.Second, "how long it has run by then")
	flag.IntVar(&o.plan.Repeat, "repeat", 3, "how often each system is visited")
	flag.IntVar(&o.plan.Sessions, "sessions", 10_000, "how many sessions are there before")
	flag.IntVar(&o.plan.Failovers, "failovers", 3, "how often each system loses its leader; 0: never")
	flag.StringVar(&o.out, "out", "", "folder for peers.md, peers.json and peers.svg; empty: the page on standard output")
	flag.StringVar(&o.tmp, "tmp", "", "folder on the disk that is measured; empty: the system's folder for temporary files")
	flag.StringVar(&o.bin, "bin", "bin/peers", "folder for the programs that are built")
	flag.StringVar(&o.render, "render", "", "measure nothing: write page and picture out of this peers.json")
	flag.StringVar(&o.sessnodeArgs, "sessnode-args", "", "more flags of serve for each node of ours, with spaces between")
	flag.BoolVar(&o.dry, "dry", false, "only say how long it takes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().UTC().Format("15:04:05 ")+format+"\n", args...)
}

func run(ctx context.Context, o options) (err error) {
	if o.render != "" {
		b, err := os.ReadFile(o.render)
		if err != nil {
			return err
		}
		var r bench.Report
		if err := json.Unmarshal(b, &r); err != nil {
			return err
		}
		return o.write(r)
	}
	if err := o.parse(); err != nil {
		return err
	}
	say("%d systems, %d repetitions: about %v", len(o.plan.Systems), o.plan.Repeat, o.plan.Estimate().Round(time.Minute/2))
	if o.dry {
		return nil
	}
	dir, err := os.MkdirTemp(o.tmp, "sessnode-peers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	w, err := bench.NewWorkshop(ctx, o.bin, dir, say)
	if err != nil {
		return err
	}
	w.SessnodeArgs = strings.Fields(o.sessnodeArgs)
	began := time.Now()
	r, err := w.Run(ctx, o.plan, o.save)
	say("took %v", time.Since(began).Round(time.Second))
	if err != nil {
		return err
	}
	r.Command = command()
	return o.write(r)
}

// parse fills the plan.
func (o *options) parse() (err error) {
	if o.plan.Systems, err = bench.Choose(o.systems); err != nil {
		return err
	}
	if len(o.plan.Systems) == 0 { // failovers alone
		o.plan.Repeat = 1
	}
	if o.plan.Failovers > 0 {
		if o.plan.FailoverOf, err = bench.Choose(o.failoverOf); err != nil {
			return err
		}
	}
	o.plan.FailoverLasts = bench.FailoverLasts
	o.plan.Workloads, o.plan.Distributions = strings.Split(o.workloads, ","), strings.Split(o.distributions, ",")
	for text := range strings.SplitSeq(o.clients, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("clients: %w", err)
		}
		o.plan.Clients = append(o.plan.Clients, n)
	}
	return o.plan.Validate()
}

// command is how the reader repeats it.
func command() string {
	words := []string{"./scripts/bench-peers.sh"}
	for i, w := range os.Args[1:] {
		name := strings.TrimLeft(w, "-")
		if i > 0 && slices.Contains(places, strings.TrimLeft(os.Args[i], "-")) || slices.Contains(places, name) {
			continue // a place of this machine, with its value
		}
		if strings.ContainsAny(w, " ") || w == "" {
			w = "'" + w + "'"
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// places are the flags that say where, not what.
var places = []string{"out", "tmp", "bin"}

// save keeps what there is, so that a run that is cut short was not in vain.
func (o *options) save(r bench.Report) error {
	r.Command = command()
	b, err := r.JSON()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.bin, "last.json"), b, 0o644)
}

// write writes the page, its figures and its picture.
func (o *options) write(r bench.Report) error {
	page, picture := bench.Page(r), bench.Picture(r)
	if o.out == "" {
		fmt.Print(page)
		return nil
	}
	figures, err := r.JSON()
	if err != nil {
		return err
	}
	for name, content := range map[string]string{"peers.md": page, "peers.svg": picture, "peers.json": string(figures)} {
		if err := os.WriteFile(filepath.Join(o.out, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}
