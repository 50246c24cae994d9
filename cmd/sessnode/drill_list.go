package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/drill"
	reports "github.com/sessnode/sessnode/internal/drill/report"
	"github.com/sessnode/sessnode/internal/people"
	"github.com/sessnode/sessnode/internal/term"
)

func newDrillList(std stdio) *cobra.Command {
	return &cobra.Command{
		Use:     "ls",
		Short:   "List the scenarios and the suites that they belong to",
		Long:    "ls lists the scenarios in the order in which suites play them. The nightly suite plays all, and holds each fault three times as long.",
		Example: "  sessnode drill ls",
		Args:    cobra.NoArgs,
		RunE: verb(func(*cobra.Command, []string) error {
			screen := term.Of(std.out, std.env, "auto")
			table := term.NewTable("scenario", "suites", "what is done")
			for _, s := range drill.Scenarios() {
				table.Row(s.Name, strings.Join(suitesOf(s), " "), s.Title)
			}
			if !screen.TTY {
				return table.TSV(std.out)
			}
			return table.Write(std.out, screen)
		}),
	}
}

// suitesOf names the suites of a scenario.
func suitesOf(s drill.Scenario) []string {
	var names []string
	for _, suite := range drill.Suites() {
		if s.In(suite) {
			names = append(names, string(suite))
		}
	}
	return names
}

func newDrillExplain(std stdio) *cobra.Command {
	return &cobra.Command{
		Use:     "explain SCENARIO",
		Short:   "Say what a scenario does, and what has to hold",
		Long:    "explain says what is done to the cluster, what has to hold meanwhile, which suites play it, and what it does not prove.",
		Example: "  sessnode drill explain leader-pause",
		Args:    cobra.ExactArgs(1),
		RunE: verb(func(_ *cobra.Command, args []string) error {
			s, found := drill.Named(args[0])
			if !found {
				return &usageError{fmt.Errorf("there is no scenario %q; there are %s", args[0], strings.Join(scenarioNames(), ", "))}
			}
			width := min(term.Of(std.out, std.env, "auto").Width, maxHelpWidth)
			say := func(label, text string) {
				lines := wrapped(text, width-10)
				fmt.Fprintf(std.out, "%-8s  %s\n", label, strings.Join(lines, "\n          "))
			}
			say("scenario", s.Name)
			say("does", s.Title)
			say("must", s.Must)
			if suites := suitesOf(s); len(suites) > 0 {
				say("suites", strings.Join(suites, ", "))
			}
			switch {
			case s.ByHand:
				say("waits", fmt.Sprintf("%v for something to be seen, and until it is healed", s.Hold))
			case s.Hold > 0:
				say("holds", fmt.Sprintf("for at least %v", s.Hold))
			}
			if s.Disks {
				say("needs", "root on Linux: each node gets a disk of its own that can lose power")
			}
			try := "sessnode drill " + s.Name
			if s.Live {
				say("live", "it may be played on a live cluster: --target URL")
			}
			if s.ByHand {
				try += " --target URL"
			}
			for _, limit := range drill.LimitsOf(s, s.ByHand) {
				say("but", limit)
			}
			say("try", try)
			return nil
		}),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return scenarioNames(), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func newDrillReplay(std stdio) *cobra.Command {
	f := drillFlags{output: "table", color: "auto"}
	cmd := &cobra.Command{
		Use:   "replay DIR",
		Short: "Play the drills of a report again, with their seeds and settings",
		Long: "replay reads the results of a report, of one drill or of a suite, and plays the same drills with the same seeds: the same nodes are\n" +
			"hurt in the same way, and clients want the same. Time is not repeated, so it is alike and not the same.",
		Example: "  sessnode drill replay drill-report",
		Args:    cobra.ExactArgs(1),
		RunE: verb(func(cmd *cobra.Command, args []string) error {
			all, err := reports.LoadAll(args[0])
			if err != nil {
				return &problem{err.Error(), "the directory holds no report of a drill, or one of another version", "sessnode drill --out DIR writes one", exitUsage, err}
			}
			var scenarios []drill.Scenario
			c := drill.DefaultConfig()
			c.App, c.Args = people.LoginApp, append([]string{"sessnode"}, os.Args[1:]...)
			for _, r := range all {
				s, found := drill.Named(r.Scenario)
				if !found {
					return &usageError{fmt.Errorf("the report is of %q, which this version does not know", r.Scenario)}
				}
				if r.Environment.Target != "" {
					return &problem{what: "the report is of a live cluster, " + r.Environment.Target, why: "each drill of a live cluster has to be asked for and confirmed anew", try: r.Replay, exit: exitUsage}
				}
				scenarios = append(scenarios, s)
				c.Seed, c.Nodes, c.Clients, c.People = r.Seed, r.Environment.Nodes, r.Environment.Clients, r.Environment.People
				c.LogStore, c.Sabotage = r.Environment.LogStore, r.Environment.Sabotage
				c.Hold, c.Budget = fromMS(r.Environment.HoldMS), fromMS(r.Environment.BudgetMS)
			}
			if err := c.Validate(); err != nil {
				return &usageError{fmt.Errorf("the settings of the report: %w", err)}
			}
			ctx, stop := drillSignals(cmd.Context())
			defer stop()
			return play(ctx, std, f, scenarios, c)
		}),
	}
	cmd.Flags().StringVar(&f.out, "out", "drill-replay", "directory of the new report")
	return cmd
}

func fromMS(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
