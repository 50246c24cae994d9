package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	xterm "golang.org/x/term"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/drill"
	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/term"
)

// liveFlags are those of a drill of a live cluster.
type liveFlags struct {
	target  string
	confirm string
	dryRun  bool
	limit   time.Duration
}

// add adds the flags. The cluster itself is always named on the command line: no variable and no file may choose what is hurt.
func (f *liveFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.target, "target", "", "drill the live cluster with this URL, which has to allow it")
	flags.StringVar(&f.confirm, "confirm", "", "with --target: the id of the cluster, instead of typing it")
	flags.BoolVar(&f.dryRun, "dry-run", false, "with --target: look whether the cluster is fit, and change nothing")
	flags.DurationVar(&f.limit, "max-duration", drill.TargetLimit, "with --target: a drill that takes longer is ended and what it did is undone")
	addKey(cmd, "api-key-file")
	addKey(cmd, "ca-file")
}

// unused refuses flags that mean nothing without --target.
func (f *liveFlags) unused(cmd *cobra.Command) error {
	for _, name := range []string{"confirm", "dry-run", "max-duration", "api-key-file", "ca-file"} {
		if cmd.Flags().Changed(name) {
			return &usageError{fmt.Errorf("--%s is of use with --target only: without, a cluster is made for the drill", name)}
		}
	}
	return nil
}

// drillTarget drills a live cluster: it looks whether that is fit and allows it, says what will be done, asks, and plays.
func drillTarget(cmd *cobra.Command, std stdio, f drillFlags, args []string) error {
	scenarios, c, err := f.chosen(args)
	if err != nil {
		return err
	}
	if err := f.onlyLive(cmd, scenarios); err != nil {
		return err
	}
	if !cmd.Flags().Changed("budget") {
		c.Budget = drill.TargetBudget
	}
	s, err := readClient(cmd, std)
	if err != nil {
		return err
	}
	authorities, err := trust(s.CAFile)
	if err != nil {
		return err
	}
	c.Target = &drill.Target{URL: quoted(f.live.target), Flags: accessFlags(s), Limit: f.live.limit, Owed: &drill.Owed{}}
	if err := c.Validate(); err != nil {
		return &usageError{err}
	}
	if c.Target.Cluster, err = local.Attach(cmd.Context(), local.Access{URL: f.live.target, Key: s.apiKey, TLS: authorities}); err != nil {
		return explainAttach(err, f.live.target)
	}
	defer c.Target.Cluster.Close()
	c.Nodes = len(c.Target.Cluster.Nodes)
	if c.Target.ID, err = f.agreed(cmd.Context(), std, scenarios, c); c.Target.ID == "" || err != nil {
		return err
	}
	ctx, stop := targetSignals(cmd.Context(), std, c.Target.Owed, os.Exit) // not before: who is asked to confirm may just leave
	defer stop()
	err = play(ctx, std, f, scenarios, c)
	tellOwed(std, c.Target.Owed)
	return err
}

// onlyLive refuses what is not done to a live cluster.
func (f drillFlags) onlyLive(cmd *cobra.Command, scenarios []drill.Scenario) error {
	for _, name := range []string{"suite", "nodes", "keep", "log-store", "sabotage"} {
		if cmd.Flags().Changed(name) {
			return &usageError{fmt.Errorf("--%s is of use for clusters of a drill's own only, not with --target", name)}
		}
	}
	if config.HideKey(f.live.target) != f.live.target {
		return &problem{what: "--target has a key in it", why: "other users of this host can see it, and the report keeps what was typed",
			try: "--target URL without the key, and --api-key-file FILE", exit: exitUsage}
	}
	var allowed []string
	for _, s := range drill.Scenarios() {
		if s.Live {
			allowed = append(allowed, s.Name)
		}
	}
	for _, s := range scenarios {
		if !s.Live {
			return &problem{what: s.Name + " is not played on a live cluster",
				why: "only what ends by itself is done to nodes that others use, or what you do yourself: " + strings.Join(allowed, ", "),
				try: "sessnode drill " + s.Name + "   (on nodes of its own), or sessnode drill by-hand --target " + f.live.target, exit: exitUsage}
		}
	}
	return nil
}

// accessFlags are what a command needs beside the URL to be let in.
func accessFlags(s clientSettings) string {
	var all []string
	if s.CAFile != "" {
		all = append(all, "--ca-file "+quoted(s.CAFile))
	}
	if s.APIKeyFile != "" {
		all = append(all, "--api-key-file "+quoted(s.APIKeyFile))
	}
	return strings.Join(all, " ")
}

// explainAttach says what to do about a cluster that cannot be looked at.
func explainAttach(err error, url string) error {
	var store *sessnode.Error
	if errors.As(err, &store) {
		return err
	}
	return &problem{what: err.Error(), why: "every node has to be looked at before a live cluster is drilled",
		try: "name all nodes in --target, separated by commas, all http:// or all https://   (now: " + url + ")", exit: exitUnavailable, err: err}
}

// agreed shows whether the cluster is fit and what will be done, and returns the cluster's id if that is agreed to; empty after a dry run.
func (f drillFlags) agreed(ctx context.Context, std stdio, scenarios []drill.Scenario, c drill.Config) (id string, err error) {
	fit, err := drill.Examine(ctx, c.Target.Cluster)
	if err != nil {
		return "", err
	}
	screen := term.Of(std.err, std.env, f.color)
	printLines(std.err, fitnessLines(fit, f.live.target, screen))
	if unmet := fit.Unmet(); len(unmet) > 0 {
		return "", &problem{what: "not fit for a drill: " + strings.ToLower(unmet[0].Title) + ": " + term.Clean(unmet[0].Seen),
			why: "a drill hurts the cluster on purpose, so each of these has to hold first; nothing was changed", try: unmet[0].Cure, exit: exitConflict, err: drill.ErrNotFit}
	}
	printLines(std.err, planLines(scenarios, c, screen))
	if f.live.dryRun {
		fmt.Fprintln(std.err, "dry run: nothing was changed")
		return "", nil
	}
	return fit.Cluster, f.confirmed(std, screen, fit.Cluster)
}

// fitnessLines show what has to hold before a live cluster is drilled.
func fitnessLines(fit drill.Fitness, url string, screen term.Screen) []string {
	lines := []string{screen.Bold("target") + "   " + term.Clean(url), fmt.Sprintf("         cluster %s, %d nodes, %s leads", term.Clean(fit.Cluster), fit.Nodes, term.Clean(fit.Leader))}
	if fit.Leader == "" {
		lines[1] = fmt.Sprintf("         cluster %s, %d nodes, nobody leads", term.Clean(fit.Cluster), fit.Nodes)
	}
	for _, c := range fit.Conditions {
		line := term.Pad(c.Title, 30) + "  " + term.Clean(c.Seen)
		if c.OK {
			lines = append(lines, "  "+screen.OK(line))
		} else {
			lines = append(lines, "  "+screen.Bad(line), "      "+screen.Dim(term.Clean(c.Cure)))
		}
	}
	return lines
}

// planLines say what will be done.
func planLines(scenarios []drill.Scenario, c drill.Config, screen term.Screen) []string {
	var lines []string
	for i, s := range scenarios {
		lines = append(lines, term.Pad(map[bool]string{true: screen.Bold("plan")}[i == 0], 9)+s.Name+": "+s.Title)
	}
	return append(lines,
		fmt.Sprintf("         meanwhile %d clients and %d people work in two apps, drill-XXXXXX and drill-XXXXXX-people, which", c.Clients, c.People),
		"         are declared for it and dropped at the end; no other app is touched",
		fmt.Sprintf("         longer than %v without a write is a FAIL; after %v at the latest it is ended", c.Budget, c.Target.Limit))
}

// confirmed makes sure that this very cluster is meant.
func (f drillFlags) confirmed(std stdio, screen term.Screen, id string) error {
	typed := f.live.confirm
	if typed == "" {
		in, isFile := std.in.(*os.File)
		if !isFile || !xterm.IsTerminal(int(in.Fd())) || !screen.TTY {
			return &problem{what: "not confirmed: drill cluster " + id, why: "there is no terminal to ask at", try: "add --confirm " + id + ", or --dry-run", exit: exitUsage}
		}
		fmt.Fprintf(std.err, "%s ", screen.Bold("Type the id of the cluster to go on:"))
		line, _ := bufio.NewReader(in).ReadString('\n') // no answer is no
		typed = strings.TrimSpace(line)
	}
	if typed != id {
		return &problem{what: "not confirmed: that is not the id of this cluster", why: "another cluster was meant, or it was mistyped; nothing was changed",
			try: "look at --target; the id is " + id, exit: exitUsage}
	}
	return nil
}

// targetSignals ends a drill of a live cluster by a signal; what it did is then undone. A second signal ends the process at once, with
// the commands that undo it by hand.
func targetSignals(parent context.Context, std stdio, owed *drill.Owed, exit func(int)) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals, done := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() { // ends with the drill
		select {
		case <-signals:
			cancel()
		case <-done:
			return
		}
		select {
		case <-signals:
			tellOwed(std, owed)
			exit(exitInterrupted)
		case <-done:
		}
	}()
	return ctx, func() { signal.Stop(signals); close(done); cancel() }
}

// tellOwed prints how to undo by hand what a drill has left of itself.
func tellOwed(std stdio, owed *drill.Owed) {
	commands := owed.Commands()
	if len(commands) == 0 {
		return
	}
	screen := term.Of(std.err, std.env, std.color)
	if screen.Moves() {
		fmt.Fprint(std.err, "\x1b[?25h\r\n") // the live view has hidden the cursor, and stands on this line
	}
	fmt.Fprintln(std.err, screen.Bold("not undone yet; by hand:"))
	for _, command := range commands {
		fmt.Fprintln(std.err, "  "+term.Clean(command))
	}
}

// quoted writes a word so that a shell takes it as it is.
func quoted(word string) string {
	if strings.ContainsFunc(word, func(c rune) bool {
		return !strings.ContainsRune("%+,-./:=@_", c) && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z')
	}) {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}
