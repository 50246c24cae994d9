package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// online is verb for what waits for others: Ctrl-C or SIGTERM ends the command's context, and the verb with exit code 130.
// A second signal ends the process at once.
func online(do func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return verb(func(cmd *cobra.Command, args []string) error {
		before := cmd.Context()
		ctx, stop := signal.NotifyContext(before, os.Interrupt, syscall.SIGTERM)
		defer stop()
		context.AfterFunc(ctx, stop)
		cmd.SetContext(ctx)
		defer cmd.SetContext(before)
		err := do(cmd, args)
		if err != nil && ctx.Err() != nil && before.Err() == nil {
			return errInterrupted
		}
		return err
	})
}

// errInterrupted ends a verb that a signal has ended. Whoever pressed the keys knows why.
var errInterrupted = &silent{exitInterrupted}
