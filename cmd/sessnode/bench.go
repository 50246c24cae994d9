package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/bench"
	"github.com/sessnode/sessnode/internal/frames"
)

// benchApp is the app that bench writes to.
const benchApp = "bench"

// benchedApp is benchApp unless --app names another. That of a URL, a variable or a file is whose logins somebody works
// on, and no place for load.
func benchedApp(cmd *cobra.Command) string {
	if f := cmd.Flags().Lookup("app"); f != nil && f.Changed {
		return f.Value.String()
	}
	return benchApp
}

func newBench(std stdio) *cobra.Command {
	f := benchFlags{plan: bench.DefaultPlan()}
	var names []string
	for _, w := range bench.Workloads() {
		names = append(names, w.Name)
	}
	cmd := &cobra.Command{
		Use:   "bench [" + strings.Join(names, "|") + "]...",
		Short: "Put load on a cluster and measure it",
		Long: "bench sends requests from many clients at once and says how many a second were answered, how long they\n" +
			"took and what failed. Without a workload it is `mixed`: 80 % read, 15 % read that counts as activity,\n" +
			"4 % patch, 1 % create. Every combination of workloads, --clients and --nodes is measured in turn.\n\n" +
			"It only writes sessions of the app `bench` (or --app), under subjects of its own, and revokes them in\n" +
			"the end. It ends by itself; Ctrl-C ends it at once and shows what was measured by then. With --cluster\n" +
			"it starts three nodes in a temporary folder, measures those, and removes them again.\n\n" +
			"In a closed loop a client sends its next request when the last one is answered. With --rate requests\n" +
			"are due at that pace whatever the store does (an open loop), and latencies count from when a request was due.",
		Example: "  sessnode bench --cluster\n" +
			"  sessnode bench create read --clients 1,16,64 --nodes leader --nodes follower\n" +
			"  sessnode bench mixed --rate 2000 --clients 64 --duration 30s -o json",
		ValidArgs: names,
		RunE: online(func(cmd *cobra.Command, args []string) error {
			plan, err := f.read(args, cmd.Flags().Changed("loop"))
			if err != nil {
				return err
			}
			return f.run(cmd, std, plan, args)
		}),
	}
	addClientFlags(cmd)
	f.add(cmd.Flags())
	return cmd
}

// read makes a plan of what was typed, and reports all its faults at once.
func (f *benchFlags) read(args []string, loopGiven bool) (bench.Plan, error) {
	p := f.plan
	p.Rate = float64(f.rate)
	var faults []error
	if len(args) > 0 {
		p.Workloads = nil
	}
	for _, name := range args {
		w, err := bench.ParseWorkload(name)
		p.Workloads = append(p.Workloads, w)
		faults = append(faults, err)
	}
	var err error
	p.Distribution, err = bench.ParseDistribution(f.distribution)
	faults = append(faults, err)
	switch {
	case f.loop != "open" && f.loop != "closed":
		faults = append(faults, fmt.Errorf("no loop is called %q: there are closed and open", f.loop))
	case f.loop == "open" && p.Rate == 0:
		faults = append(faults, errors.New("an open loop needs --rate, the requests a second"))
	case f.loop == "closed" && p.Rate > 0 && loopGiven:
		faults = append(faults, errors.New("a closed loop has no --rate"))
	}
	if f.shared < 0 || f.shared > 64 {
		faults = append(faults, fmt.Errorf("--shared is %d, allowed is 0 to 64", f.shared))
	}
	if most := slices.Max(append([]int{0}, p.Clients...)); f.shared > 0 && most > f.shared*frames.MaxUnderWay {
		faults = append(faults, fmt.Errorf("%d clients share %d connections, allowed are %d for each", most, f.shared, frames.MaxUnderWay))
	}
	if f.shared > 0 && p.PayloadBytes > frames.MaxRequest/2 {
		faults = append(faults, fmt.Errorf("--payload is %d, allowed is at most %d over shared connections", p.PayloadBytes, frames.MaxRequest/2))
	}
	if err := errors.Join(append(faults, p.Validate())...); err != nil {
		return p, &problem{what: err.Error(), why: "this is not a plan that can be carried out", try: "sessnode bench --help", exit: exitUsage, err: err}
	}
	return p, nil
}

// run finds the store, puts the load on it, and shows what came of it.
func (f *benchFlags) run(cmd *cobra.Command, std stdio, plan bench.Plan, args []string) error {
	e := bench.ThisEnvironment()
	e.Version, e.Commit = buildVersion()
	e.Args = append(append([]string{"bench"}, args...), commandLine(cmd.Flags())...)
	if f.cluster {
		return runOwn(cmd, std, plan, e, f.shared)
	}
	c, s, err := connect(cmd, std)
	if err != nil {
		return err
	}
	c = c.In(benchedApp(cmd))
	b := benchShow{printer: newPrinter(std, s), plan: plan, environment: e}
	trusted, err := trust(s.CAFile)
	if err != nil {
		return err
	}
	return b.load(cmd.Context(), c, bench.Access{APIKey: cmp.Or(s.apiKey, keyIn(s.URL)), TLS: trusted, Timeout: s.Timeout, Shared: f.shared})
}

// keyIn returns the API key of a sessnode:// URL that the client has accepted; "" if there is none.
func keyIn(text string) string {
	_, rest, _ := strings.Cut(text, "://")
	authority, _, _ := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return ""
	}
	key, _ := url.PathUnescape(authority[:at]) // the client has read it already
	return key
}

// explainLoad says what to do about a load that could not be put on.
func explainLoad(err error) error {
	var route *bench.RouteError
	switch {
	case errors.Is(err, bench.ErrRemote):
		return &problem{what: err.Error(), why: "load on other hosts may hurt who works there", exit: exitUsage, err: err,
			try: "add --yes if that is what you want, or --cluster to measure three nodes of this host"}
	case errors.As(err, &route) && sessnode.CodeOf(err) == sessnode.CodeUnknown:
		return &problem{what: err.Error(), why: "the cluster has no such node now", try: "sessnode status   shows the nodes", exit: exitUsage, err: err}
	}
	return err
}

// interruptedOr returns errInterrupted where a signal has ended ctx.
func interruptedOr(ctx context.Context, err error) error {
	if err == nil && ctx.Err() != nil {
		return errInterrupted
	}
	return err
}
