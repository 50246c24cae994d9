package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"
)

// completeIn is how long a person who pressed Tab waits for names.
const completeIn = time.Second

// completeApps completes the names of apps, where the cluster answers soon.
func completeApps(std stdio) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 && cmd.ValidArgsFunction != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return appNames(cmd, std), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeAppFlags completes --app, wherever it is.
func completeAppFlags(cmd *cobra.Command, std stdio) {
	if f := cmd.Flags().Lookup("app"); f != nil {
		_ = cmd.RegisterFlagCompletionFunc("app", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return appNames(cmd, std), cobra.ShellCompDirectiveNoFileComp
		}) // the flag is there
	}
	for _, below := range cmd.Commands() {
		completeAppFlags(below, std)
	}
}

// appNames asks for all apps. Failures are no names: there is nobody to read them while a command line is being typed.
func appNames(cmd *cobra.Command, std stdio) []string {
	std.err = io.Discard
	c, _, err := connect(cmd, std)
	if err != nil {
		return nil
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(cmd.Context(), completeIn)
	defer cancel()
	apps, err := c.Apps(ctx)
	if err != nil {
		return nil
	}
	var names []string
	for _, a := range apps {
		names = append(names, a.Name)
	}
	return names
}
