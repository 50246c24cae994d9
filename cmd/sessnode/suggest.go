package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sessnode/sessnode/internal/config"
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
		if name := config.Nearest(flag, names); name != "" {
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
		if name := config.Nearest(args[0], names); name != "" {
			return cmd.CommandPath() + " " + name + "   (or " + help + ")"
		}
	}
	return help
}
