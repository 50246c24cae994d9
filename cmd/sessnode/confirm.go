package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// consent is how a verb that ends many sessions is agreed to: asked for on a terminal, with --yes elsewhere; or only tried
// with --dry-run.
type consent struct {
	yes, dryRun bool
}

// flags adds --yes and --dry-run.
func (c *consent) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&c.yes, "yes", false, "do not ask; needed where nobody can be asked")
	cmd.Flags().BoolVar(&c.dryRun, "dry-run", false, "say what would be done, and change nothing")
}

// given reports whether to go on. What says what would be done, with its number: "end 3 sessions of ada in web". It returns
// an error where it could not ask.
func (c *consent) given(std stdio, p printer, what string) (bool, error) {
	switch {
	case c.dryRun:
		p.say("would %s; nothing was changed", what)
		return false, nil
	case c.yes:
		return true, nil
	}
	in, ok := std.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) || !p.errors.TTY {
		return false, &problem{what: "not confirmed: " + what, why: "this cannot be undone, and there is no terminal to ask at",
			try: "add --yes, or --dry-run to see what it would do", exit: exitUsage}
	}
	fmt.Fprintf(std.err, "%s\nThis cannot be undone. Go on? [y/N] ", p.errors.Bold(strings.ToUpper(what[:1])+what[1:]+"."))
	answer, _ := bufio.NewReader(in).ReadString('\n') // no answer is no
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return false, &problem{what: "not confirmed: nothing was changed", exit: exitFailure}
	}
	return true, nil
}

// outcome is the JSON result of a verb that ends sessions.
type outcome struct {
	App     string `json:"app" doc:"the app"`
	Subject string `json:"subject,omitempty" doc:"the subject, where one was named"`
	Ended   uint64 `json:"ended" doc:"how many sessions were ended; with --dry-run, how many would be"`
	DryRun  bool   `json:"dry_run,omitempty" doc:"nothing was changed"`
}
