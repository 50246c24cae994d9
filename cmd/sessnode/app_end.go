package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/client"
)

func newAppDrop(std stdio) *cobra.Command {
	return newAppEnd(std, "drop", "End all sessions of an app and forget its policy",
		"drop ends all sessions of an app and forgets its policy. It asks first; without a terminal it needs --yes.",
		"end %s of the app %s and forget its policy", func(ctx context.Context, c *client.Client) (uint64, error) { return c.DropApp(ctx) })
}

func newAppRevoke(std stdio) *cobra.Command {
	return newAppEnd(std, "revoke", "Log everybody out: end all sessions of an app",
		"revoke ends all sessions of an app; its policy stays. It asks first; without a terminal it needs --yes.",
		"end %s of the app %s", func(ctx context.Context, c *client.Client) (uint64, error) { return c.RevokeApp(ctx) })
}

// newAppEnd is a verb that ends all sessions of an app. What is a sentence with places for their number and the app.
func newAppEnd(std stdio, name, short, long, what string, end func(context.Context, *client.Client) (uint64, error)) *cobra.Command {
	var agree consent
	cmd := &cobra.Command{
		Use:   name + " [NAME] [flags]",
		Short: short, Long: long,
		Example:           "  sessnode app " + name + " web --dry-run\n  sessnode app " + name + " web --yes",
		Args:              atMost("NAME"),
		ValidArgsFunction: completeApps(std),
		RunE: online(func(cmd *cobra.Command, args []string) error {
			c, s, err := connectNamed(cmd, std, args)
			if err != nil {
				return err
			}
			defer c.Close()
			p := newPrinter(std, s)
			a, err := c.App(cmd.Context())
			if err != nil {
				return err
			}
			result := outcome{App: c.Name(), Ended: a.Sessions, DryRun: agree.dryRun}
			if ok, err := agree.given(std, p, fmt.Sprintf(what, plural(a.Sessions, "session"), c.Name())); err != nil || !ok && !agree.dryRun {
				return err
			} else if ok {
				if result.Ended, err = end(cmd.Context(), c); err != nil {
					return err
				}
			}
			return printOutcome(p, result)
		}),
	}
	agree.flags(cmd)
	addClientFlags(cmd)
	return cmd
}
