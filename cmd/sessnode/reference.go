package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sessnode/sessnode/internal/config"
)

func newReference(std stdio) *cobra.Command {
	return &cobra.Command{
		Use:    "reference",
		Short:  "Print the reference page of the command line (docs/reference/cli.md)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: verb(func(cmd *cobra.Command, _ []string) error {
			return writeReference(std.out, cmd.Root())
		}),
	}
}

// writeReference writes the page from the same tables that the program runs on, so that the two cannot differ.
func writeReference(w io.Writer, root *cobra.Command) error {
	var b strings.Builder
	b.WriteString("# The command line\n\n" +
		"<!-- Written by `go run ./cmd/sessnode reference`; a test compares. -->\n\n" +
		"Results go to standard output, narration and logs to standard error. A failure is explained in three lines:\n" +
		"what failed, why, and what to type next.\n")
	for _, cmd := range root.Commands() {
		if cmd.Hidden || cmd.Name() == "help" || cmd.Name() == "completion" {
			continue
		}
		fmt.Fprintf(&b, "\n## sessnode %s\n\n%s.\n", cmd.Name(), cmd.Short)
		if cmd.Long != "" {
			fmt.Fprintf(&b, "\n%s\n", cmd.Long)
		}
		if cmd.Name() == "serve" {
			writeKeys(&b)
		} else {
			writeFlags(&b, cmd)
		}
	}
	b.WriteString("\n## Exit codes\n\n| code | meaning |\n| --- | --- |\n")
	for _, row := range exitMeanings() {
		fmt.Fprintf(&b, "| %d | %s |\n", row.code, row.meaning)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeKeys(b *strings.Builder) {
	b.WriteString("\nA key is set by its flag, else by its environment variable, else by its default, each key on its own. A variable that is\n" +
		"set to nothing counts as not set.\n")
	group := config.Group("")
	for _, k := range config.KeysFor(config.ForNode) {
		if k.Hidden {
			continue
		}
		if k.Group != group {
			group = k.Group
			fmt.Fprintf(b, "\n### %s\n\n| flag | variable | type | default | meaning |\n| --- | --- | --- | --- | --- |\n", group)
		}
		def := k.Default
		if def != "" {
			def = "`" + def + "`"
		}
		fmt.Fprintf(b, "| `--%s` | `%s` | %s | %s | %s |\n", k.Name, k.Env(), strings.ReplaceAll(k.Form(), "|", ", "), def, k.Help)
	}
}

func writeFlags(b *strings.Builder, cmd *cobra.Command) {
	header := "\n| flag | type | default | meaning |\n| --- | --- | --- | --- |\n"
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" {
			return
		}
		b.WriteString(header)
		header = ""
		fmt.Fprintf(b, "| `--%s` | %s | %s | %s |\n", f.Name, f.Value.Type(), f.DefValue, f.Usage)
	})
}
