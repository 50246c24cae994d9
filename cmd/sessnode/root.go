package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"
)

// stdio is what a verb sees of the world.
type stdio struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) (string, bool)
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, std stdio, args []string) int {
	root := newRoot(std)
	root.SetArgs(args)
	root.SetOut(std.out)
	root.SetErr(std.err)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	var u *usageError
	if errors.As(err, &u) || !started(cmd) {
		err = &problem{err.Error(), "this command line was not understood", suggest(cmd, args, err), exitUsage, err}
	}
	return report(std.err, err)
}

// usageError is a command line that a verb itself refused.
type usageError struct{ error }

const startedMark = "started"

// started reports whether cobra got as far as running the verb: an error before that is one of usage.
func started(cmd *cobra.Command) bool { return cmd.Annotations[startedMark] != "" }

// verb marks a command as started before it runs.
func verb(do func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if cmd.Annotations == nil {
			cmd.Annotations = map[string]string{}
		}
		cmd.Annotations[startedMark] = "yes"
		return do(cmd, args)
	}
}

func newRoot(std stdio) *cobra.Command {
	root := &cobra.Command{
		Use:   "sessnode",
		Short: "A store for login sessions: three or five nodes that agree, whatever fails",
		Long: "sessnode keeps the login sessions of web applications. Three or five nodes form one store;\n" +
			"any application server talks to any node.",
		SilenceErrors:      true,
		SilenceUsage:       true,
		DisableSuggestions: true, // suggest has them for flags too, on one line
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newServe(std), newEvents(std), newBench(std), newCheck(std), newVersion(std), newReference(std))
	return root
}
