package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/config"
)

// topics are pages of help that are about no verb: `sessnode help exit-codes`.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "environment", Short: "every variable, and which setting wins", Long: environmentPage()},
		{Use: "exit-codes", Short: "what an exit code means", Long: exitPage()},
		{Use: "output", Short: "forms of results: table, wide, json, jsonl", Long: outputPage},
	}
}

func environmentPage() string {
	var b strings.Builder
	b.WriteString("A key is set by its flag, else by its variable, else by the file that --config or SESSNODE_CONFIG names, else by its default, " +
		"each key on its own. A variable that is set to nothing counts as not set. `sessnode config print` shows each value and where it comes from.\n")
	group := config.Group("")
	for _, k := range config.Keys() {
		if k.Hidden {
			continue
		}
		if k.Group != group {
			group = k.Group
			fmt.Fprintf(&b, "\n%s\n", group)
		}
		fmt.Fprintf(&b, "  %-28s --%s\n", k.Env(), k.Name)
	}
	b.WriteString("\nAlso obeyed: NO_COLOR, TERM=dumb, COLUMNS, GOGC, GOMEMLIMIT.")
	return b.String()
}

func exitPage() string {
	var b strings.Builder
	b.WriteString("Exit codes are stable: scripts and supervisors may act on them.\n")
	for _, row := range exitMeanings() {
		fmt.Fprintf(&b, "\n  %-4d  %s", row.code, strings.ReplaceAll(row.meaning, "`", ""))
	}
	return b.String()
}

const outputPage = "Results go to standard output, narration and questions to standard error, so that a pipe gets results only.\n\n" +
	"  -o table   the default. On a terminal aligned, with times as 3m ago, and the widest columns cut to fit. In a pipe " +
	"the same columns with tabs between them, their names in the first line, times as RFC 3339 in UTC, " +
	"numbers without separators, no totals.\n" +
	"  -o wide    the same with more columns, nothing cut.\n" +
	"  -o json    one JSON document: an object, or an array for a list (an empty one is []).\n" +
	"  -o jsonl   one JSON object on a line for each item.\n\n" +
	"JSON is stable: fields are added, never renamed or removed. Their names are those of the HTTP API; docs/reference/cli.md lists them. " +
	"Times are RFC 3339 in UTC.\n\n" +
	"Colours and signs (✓ ! ✗) say the same thing; --color never, NO_COLOR and TERM=dumb leave the colours out.\n" +
	"-q leaves the narration out. -v prints each request as the curl command that does the same, with $TOKEN and $SESSNODE_KEY instead of secrets."
