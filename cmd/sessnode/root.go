package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/config"
)

// stdio is what a verb sees of the world. In may be nil: then there is nothing to read.
type stdio struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) (string, bool)
	color    string // of errors: what --color says; run fills it
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, std stdio, args []string) int {
	if std.in == nil {
		std.in = strings.NewReader("")
	}
	root := newRoot(std)
	root.SetArgs(idsLast(args))
	root.SetIn(std.in)
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
	std.color = colorOf(cmd, std)
	return report(std, err, args)
}

// colorOf finds what was said about colours, for errors that come before a verb has read its settings.
func colorOf(cmd *cobra.Command, std stdio) string {
	for _, v := range config.Values(config.ForClient, fromFlags(cmd), config.FromEnv(std.env)) {
		if v.Key.Name == "color" {
			return v.Text
		}
	}
	return "auto"
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

// The groups of verbs, in the order of the help.
const (
	groupRun      = "Run it"
	groupLook     = "Look"
	groupSessions = "Sessions"
	groupOperate  = "Operate"
	groupOther    = "Other"
)

func newRoot(std stdio) *cobra.Command {
	root := &cobra.Command{
		Use:   "sessnode",
		Short: "A store for login sessions: three or five nodes that agree, whatever fails",
		Long: "sessnode keeps the login sessions of web applications. Three or five nodes form one store; any application server " +
			"talks to any node. A login that was acknowledged survives the loss of any minority of nodes, and a session " +
			"that was logged out is never served again, by any of them.",
		SilenceErrors:      true,
		SilenceUsage:       true,
		DisableSuggestions: true, // suggest has them for flags too, on one line
	}
	root.SetHelpFunc(helpTo(std))
	root.SetHelpCommandGroupID(groupOther)
	root.SetCompletionCommandGroupID(groupOther)
	for _, title := range []string{groupRun, groupLook, groupSessions, groupOperate, groupOther} {
		root.AddGroup(&cobra.Group{ID: title, Title: title})
	}
	in := func(group string, commands ...*cobra.Command) {
		for _, c := range ordered(commands...) {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	in(groupRun, newServe(std), newDemo(std), newBench(std), newDrill(std))
	in(groupLook, newStatus(std), newTop(std), newEvents(std), newCheck(std), newDoctor(std))
	in(groupSessions, newSession(std), newWhy(std), newSubject(std))
	in(groupOperate, newNode(std), newBackup(std), newImport(std), newRecover(std), newApp(std), newKey(std), newTLS(std), newSecrets(std), newConfig(std))
	in(groupOther, newVersion(std), newReference(std), newDemoKeeper(std))
	root.AddCommand(topics()...)
	nameDefaults(root)
	completeAppFlags(root, std)
	return root
}

// nameDefaults gives cobra's own commands words like those of the others.
func nameDefaults(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			c.Short = "Completion for bash, zsh, fish or powershell"
			c.Long = "completion prints a script that lets a shell complete verbs, flags, values and the names of apps; " +
				"those are asked of the cluster, where it answers within a second."
			c.Example = "  source <(sessnode completion bash)\n  sessnode completion fish > ~/.config/fish/completions/sessnode.fish"
			c.Args, c.RunE = cobra.ArbitraryArgs, helpOrRefuse
		case "help":
			c.Short = "Help about a verb or a topic"
			c.Run, c.RunE = nil, verb(helpAbout)
		}
	}
}

// family is a command that only holds others: alone it shows its help.
func family(use, short, long string, members ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, DisableSuggestions: true,
		Args: cobra.ArbitraryArgs, RunE: helpOrRefuse,
	}
	cmd.AddCommand(ordered(members...)...)
	return cmd
}

// helpOrRefuse is what a command does that only holds others.
func helpOrRefuse(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	return &usageError{errors.New("unknown command \"" + args[0] + "\" for \"" + cmd.CommandPath() + "\"")}
}
