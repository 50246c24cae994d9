package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// suggest says what to type instead of a command line that was not understood: the nearest verb or flag, else the help.
func suggest(cmd *cobra.Command, args []string, err error) string {
	help := cmd.CommandPath() + " --help"
	if _, flag, found := strings.Cut(err.Error(), "unknown flag: --"); found {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				names = append(names, f.Name)
			}
		})
		if name := nearest(flag, names); name != "" {
			return cmd.CommandPath() + " --" + name + "   (or " + help + ")"
		}
	}
	if cmd.HasSubCommands() && len(args) > 0 {
		var names []string
		for _, c := range cmd.Commands() {
			if !c.Hidden {
				names = append(names, c.Name())
			}
		}
		if name := nearest(args[0], names); name != "" {
			return cmd.CommandPath() + " " + name + "   (or " + help + ")"
		}
	}
	return help
}

// nearest returns the name that differs from the typed one by the fewest letters, or "" where all differ by more than a third.
func nearest(typed string, names []string) string {
	best, least := "", len(typed)/3+1
	for _, name := range names {
		if d := distance(typed, name); d < least || d == least && best == "" {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to insert, remove or replace between a and b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
