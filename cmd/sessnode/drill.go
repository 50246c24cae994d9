package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/drill"
	"github.com/sessnode/sessnode/internal/people"
	"github.com/sessnode/sessnode/internal/sabotage"
)

// drillFlags is what was typed behind `drill`.
type drillFlags struct {
	suite    string
	seed     uint64
	nodes    int
	clients  int
	people   int
	hold     time.Duration
	budget   time.Duration
	out      string
	output   string
	keep     bool
	logStore string
	sabotage string
	color    string
	live     liveFlags
}

func newDrill(std stdio) *cobra.Command {
	var f drillFlags
	cmd := &cobra.Command{
		Use:   "drill [SCENARIO...]",
		Short: "Rehearse failure here, and judge what clients saw",
		Long: "drill starts a cluster of its own on loopback, puts clients with known histories and people on the login app onto it, hurts it,\n" +
			"lets it recover, and judges everything that was seen: acknowledged writes, ghosts, expiry, people signed out, the longest gap.\n" +
			"The verdict is PASS (exit 0), FAIL (20) or INCONCLUSIVE (21): what could not be judged is never a PASS.\n\n" +
			"Nothing but the report is left behind. `sessnode drill ls` lists the scenarios, `sessnode drill explain NAME` describes one.\n\n" +
			"With --target a live cluster is drilled where it runs, if its nodes allow it (--allow-drills): only step-down, drain and by-hand, in\n" +
			"apps of the drill's own, after a look at the cluster and a typed confirmation. Ctrl-C undoes what was done.",
		Example: "  sessnode drill leader-kill\n  sessnode drill --suite quick\n  sessnode drill --suite standard --seed 7 --out drill-report\n" +
			"  sessnode drill step-down --target https://10.0.0.11:7480 \\\n    --ca-file tls/ca.crt --api-key-file ops.key --dry-run",
		Args: cobra.ArbitraryArgs,
		RunE: verb(func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("seed") {
				f.seed = freshSeed()
			}
			if f.live.target != "" {
				return drillTarget(cmd, std, f, args)
			}
			if err := f.live.unused(cmd); err != nil {
				return err
			}
			ctx, stop := drillSignals(cmd.Context())
			defer stop()
			return playDrills(ctx, std, f, args)
		}),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return scenarioNames(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	usual := drill.DefaultConfig()
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.suite, "suite", "", "play a suite: quick (under 90 s), standard, nightly")
	flags.Uint64Var(&f.seed, "seed", 0, "decides who is hurt and what clients want (unset: another one each time)")
	flags.IntVar(&f.nodes, "nodes", usual.Nodes, "nodes of the cluster: 3 or 5")
	flags.IntVar(&f.clients, "clients", usual.Clients, "clients with known histories")
	flags.IntVar(&f.people, "people", usual.People, "people on the login app")
	flags.DurationVar(&f.hold, "hold", 0, "how long a fault lasts at least (0s: as its scenario says)")
	flags.DurationVar(&f.budget, "budget", usual.Budget, "the longest time without an acknowledged write that passes (unset, with --target: 10s)")
	flags.StringVar(&f.out, "out", "drill-report", "directory of the report; what is there of an earlier one is replaced")
	flags.StringVarP(&f.output, "output", "o", "table", "table, json (the results) or jsonl (what happens, as it happens)")
	flags.BoolVar(&f.keep, "keep", false, "leave the folder with data and logs behind")
	flags.StringVar(&f.logStore, "log-store", "", "what the nodes keep their logs in: bolt or wal (empty: as serve does)")
	flags.StringVar(&f.sabotage, "sabotage", "", "break the nodes on purpose, to see that the drill notices (needs a build with -tags sabotage)")
	flags.StringVar(&f.color, "color", "auto", "auto, always or never")
	f.live.add(cmd)
	cmd.AddCommand(newDrillList(std), newDrillExplain(std), newDrillReplay(std))
	return cmd
}

// drillSignals ends a drill by a signal. Not by SIGPIPE: Go would then report one for every broken connection, and a drill breaks many;
// behind `drill | head` the keeper cleans up.
func drillSignals(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
}

// freshSeed draws a seed that a person can type again.
func freshSeed() uint64 {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand crashes the program instead
	return binary.BigEndian.Uint64(raw[:]) % 1_000_000
}

func scenarioNames() []string {
	var names []string
	for _, s := range drill.Scenarios() {
		names = append(names, s.Name)
	}
	return names
}

// chosen returns the scenarios that were typed, and the settings for them, which are still to be validated.
func (f drillFlags) chosen(args []string) ([]drill.Scenario, drill.Config, error) {
	var scenarios []drill.Scenario
	c := drill.DefaultConfig()
	c.Seed, c.Nodes, c.Clients, c.People, c.Hold, c.Budget, c.Keep = f.seed, f.nodes, f.clients, f.people, f.hold, f.budget, f.keep
	c.LogStore, c.Sabotage = f.logStore, f.sabotage
	c.App, c.Args = people.LoginApp, append([]string{"sessnode"}, os.Args[1:]...)
	for _, name := range args {
		s, found := drill.Named(name)
		if !found {
			return nil, c, &usageError{fmt.Errorf("there is no scenario %q; there are %s", name, strings.Join(scenarioNames(), ", "))}
		}
		scenarios = append(scenarios, s)
	}
	switch {
	case f.suite == "" && len(args) == 0:
		return nil, c, &usageError{errors.New("name a scenario, or a suite: sessnode drill --suite quick")}
	case f.suite != "" && len(args) > 0:
		return nil, c, &usageError{errors.New("name scenarios or a suite, not both")}
	case f.suite != "":
		if scenarios = drill.In(drill.Suite(f.suite)); len(scenarios) == 0 {
			return nil, c, &usageError{fmt.Errorf("--suite is %q, allowed are %v", f.suite, drill.Suites())}
		}
	}
	switch {
	case f.output != "table" && f.output != "json" && f.output != "jsonl":
		return nil, c, &usageError{fmt.Errorf("--output is %q, allowed are table, json and jsonl", f.output)}
	case f.sabotage != "" && !sabotage.Built:
		return nil, c, &problem{
			what: "this build cannot be broken on purpose",
			why:  "the faults are compiled in with the build tag sabotage only, so that no setting can break a real one",
			try:  "go run -tags sabotage ./cmd/sessnode drill " + scenarios[0].Name + " --sabotage " + f.sabotage, exit: exitUsage,
		}
	case f.sabotage != "" && !sabotage.Known(sabotage.Fault(f.sabotage)):
		return nil, c, &usageError{fmt.Errorf("--sabotage %q is no fault: there are %v", f.sabotage, sabotage.Faults())}
	}
	return scenarios, c, nil
}

// drillProblem is why a drill has ended without a verdict.
func drillProblem(err error) error {
	if errors.Is(err, context.Canceled) {
		return errInterrupted
	}
	return &problem{err.Error(), "the drill could not be played here", "see the lines above; with --keep the nodes' logs are left", exitUnavailable, err}
}
