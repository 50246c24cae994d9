package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/people"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/demo"
	"github.com/sessnode/sessnode/internal/sabotage"
	"github.com/sessnode/sessnode/internal/term"
)

// demoFlags is what was typed behind `demo`.
type demoFlags struct {
	tour     bool
	output   string
	script   string
	duration time.Duration
	port     int
	appPort  int
	keep     bool
	sabotage string
	color    string
}

func newDemo(std stdio) *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run three nodes and a login app here, and kill the leader",
		Long: "demo runs three real nodes on loopback with their data in a temporary folder, the example login app, and twenty people who\n" +
			"log in, click and log out. Sign in with a browser, press k to kill the leader, and see that you are still signed in.\n" +
			"However it ends, no process and no folder is left behind.\n\n" +
			"With --tour it does all that without a person and gives a verdict: it exits with 0 only if every check held.",
		Example: "  sessnode demo\n  sessnode demo --tour\n  sessnode demo --script k,wait:5s,r,wait:5s,q",
		Args:    cobra.NoArgs,
		RunE: verb(func(cmd *cobra.Command, _ []string) error {
			// SIGPIPE: without it, `demo | head` would end before it could clean up.
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
			defer stop()
			return runDemo(local.WithParent(ctx), std, f)
		}),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.tour, "tour", false, "play the whole story without a person, print a verdict a line, and exit with 0 only if all held")
	flags.StringVarP(&f.output, "output", "o", "table", "of --tour: table or json")
	flags.StringVar(&f.script, "script", "", "press keys without a person: k, r, p, s, q and wait:DURATION, separated by commas")
	flags.DurationVar(&f.duration, "for", 0, "end after this time (0: when told)")
	flags.IntVar(&f.port, "port", 7480, "HTTP port of the first node; the next ones follow in steps of ten, taken ones are passed over")
	flags.IntVar(&f.appPort, "app-port", 8480, "port of the login app, or the next free one")
	flags.BoolVar(&f.keep, "keep", false, "leave the folder with data and logs behind")
	flags.StringVar(&f.sabotage, "sabotage", "", "break the nodes on purpose, to see that the tour notices (needs a build with -tags sabotage)")
	flags.StringVar(&f.color, "color", "auto", "auto, always or never")
	return cmd
}

func runDemo(ctx context.Context, std stdio, f demoFlags) error {
	script, err := f.validate()
	if err != nil {
		return err
	}
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	version, _ := buildVersion()
	place := demo.Place{Binary: binary, App: people.LoginApp, Port: f.port, AppPort: f.appPort, Sabotage: f.sabotage, Keep: f.keep}
	screen := term.Of(std.out, std.env, f.color)
	if f.tour {
		return demoProblem(runTour(ctx, std, f, place, screen, version), f.sabotage)
	}
	c := demo.ShowConfig{Place: place, Command: demo.Command(os.Args[0]), Version: version, Out: std.out, Screen: screen,
		Script: script, For: f.duration}
	if screen.Moves() {
		if keys, restore, err := term.Keys(os.Stdin); err == nil {
			defer restore()
			c.Keys = keys
		}
	}
	return demoProblem(demo.Show(ctx, c), f.sabotage)
}

func (f demoFlags) validate() ([]demo.Step, error) {
	script, err := demo.ParseScript(f.script)
	switch {
	case err != nil:
		return nil, &usageError{fmt.Errorf("--script: %w", err)}
	case f.output != "table" && f.output != "json":
		return nil, &usageError{fmt.Errorf("--output is %q, allowed are table and json", f.output)}
	case f.tour && (f.script != "" || f.duration != 0), !f.tour && f.output != "table":
		return nil, &usageError{errors.New("--script and --for are for the demo, --output is for --tour")}
	case f.duration < 0:
		return nil, &usageError{fmt.Errorf("--for is %v, it must not be negative", f.duration)}
	case f.port < 1024 || f.port > 60000 || f.appPort < 1024 || f.appPort > 60000:
		return nil, &usageError{errors.New("--port and --app-port are between 1024 and 60000")}
	case f.sabotage != "" && !sabotage.Built:
		return nil, &problem{
			what: "this build cannot be broken on purpose",
			why:  "the faults are compiled in with the build tag sabotage only, so that no setting can break a real one",
			try:  "go run -tags sabotage ./cmd/sessnode demo --tour --sabotage " + f.sabotage, exit: exitUsage,
		}
	case f.sabotage != "" && !sabotage.Known(sabotage.Fault(f.sabotage)):
		return nil, &usageError{fmt.Errorf("--sabotage %q is no fault: there are %v", f.sabotage, sabotage.Faults())}
	}
	return script, nil
}

func runTour(ctx context.Context, std stdio, f demoFlags, place demo.Place, screen term.Screen, version string) error {
	out := std.out
	if f.output == "json" {
		out = std.err // narration
		screen = term.Of(std.err, std.env, f.color)
	}
	printer := demo.NewTourPrinter(out, screen)
	printer.Say(demo.Header(screen, version, f.sabotage, f.keep), "")
	report, err := demo.Tour(ctx, place, printer)
	printer.Close()
	if err != nil {
		return err
	}
	demo.PrintVerdict(out, screen, report)
	if f.output == "json" {
		if err := demo.PrintJSON(std.out, report); err != nil {
			return err
		}
	}
	return report.Err()
}

// demoProblem explains what a demo or tour returned.
func demoProblem(err error, sabotage string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, demo.ErrFailed) && sabotage != "":
		return &problem{err.Error(), "the nodes were broken on purpose: " + sabotage, "leave out --sabotage", exitFailed, err}
	case errors.Is(err, demo.ErrFailed):
		return &problem{err.Error(), "this is a defect of sessnode, or of the login app",
			"run it again with --keep, and report it with the logs that are left", exitFailed, err}
	case errors.Is(err, demo.ErrInconclusive):
		return &problem{err.Error(), "the machine was too busy, or something here keeps the fault from landing",
			"run it again; with --keep the logs are left", exitInconclusive, err}
	case errors.Is(err, context.Canceled):
		return errInterrupted
	}
	return &problem{err.Error(), "the demo could not start here", "see the lines above; sessnode demo --port 17480 --app-port 18480 uses other ports", exitUnavailable, err}
}

// newDemoKeeper is the process that cleans up behind a demo that was killed. It is started by the demo only.
func newDemoKeeper(std stdio) *cobra.Command {
	return &cobra.Command{
		Use:    local.KeeperVerb + " FOLDER",
		Short:  "Clean up behind a demo that was killed",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: verb(func(_ *cobra.Command, args []string) error {
			return local.Keep(os.Stdin, args[0])
		}),
	}
}
