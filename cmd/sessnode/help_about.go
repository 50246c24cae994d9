package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/nearest"
)

// helpAbout is `sessnode help NAME`: the page of a verb or topic. A name that is none is usage, as it is without `help`.
func helpAbout(cmd *cobra.Command, args []string) error {
	about := cmd.Root()
	for _, word := range args {
		var names []string
		next := (*cobra.Command)(nil)
		for _, c := range about.Commands() {
			if c.Name() == word {
				next = c
			}
			if !c.Hidden {
				names = append(names, c.Name())
			}
		}
		if next == nil {
			return noHelp(about, word, nearest.Name(word, names))
		}
		about = next
	}
	return about.Help()
}

// noHelp says which page was probably meant.
func noHelp(below *cobra.Command, word, near string) error {
	try := below.CommandPath() + " --help"
	if near != "" {
		name := strings.TrimPrefix(below.CommandPath()+" "+near, below.Root().Name()+" ")
		try = fmt.Sprintf("%s help %s   (or %s)", below.Root().Name(), name, try)
	}
	return &problem{what: fmt.Sprintf("there is no help about %q", word), why: "it is neither a verb nor a topic", try: try, exit: exitUsage}
}
