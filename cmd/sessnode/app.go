package main

import (
	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/term"
	"github.com/sessnode/sessnode/internal/view"
)

func newApp(std stdio) *cobra.Command {
	return family("app", "Apps and their policies",
		"An app is a keyspace with a policy, one for each web application. One that was never declared has the default policy, "+
			"unless the nodes run with --strict-apps. Setting, dropping and revoking take an operator's key.",
		newAppList(std), newAppGet(std), newAppSet(std), newAppDrop(std), newAppRevoke(std))
}

// connectNamed is connect for verbs about the app that is named by an argument, or else by --app.
func connectNamed(cmd *cobra.Command, std stdio, args []string) (*client.Client, clientSettings, error) {
	c, s, err := connect(cmd, std)
	if err != nil {
		return nil, s, err
	}
	if len(args) == 1 {
		c = c.In(args[0])
	}
	switch {
	case c.Name() == "":
		err = errNoApp()
	case !sessnode.ValidApp(c.Name()):
		err = badName(c.Name())
	}
	if err != nil {
		c.Close()
		return nil, s, err
	}
	return c, s, nil
}

func newAppList(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list [flags]",
		Short:   "List all apps with their totals",
		Example: "  sessnode app list\n  sessnode app list -o json | jq -r '.[].name'",
		Args:    needs(),
		RunE: online(func(cmd *cobra.Command, _ []string) error {
			c, s, err := connect(cmd, std)
			if err != nil {
				return err
			}
			defer c.Close()
			apps, err := c.Apps(cmd.Context())
			if err != nil {
				return err
			}
			items := make([]view.App, 0, len(apps))
			for _, a := range apps {
				items = append(items, view.AppOf(a))
			}
			p := newPrinter(std, s)
			return printList(p, items, func() *term.Table { return view.Apps(apps, p.view(), p.wide()) },
				"there is no app yet: the first session makes one, or sessnode app set NAME")
		}),
	}
	addClientFlags(cmd)
	return cmd
}

func newAppGet(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:               "get [NAME] [flags]",
		Short:             "Show an app's policy and totals",
		Example:           "  sessnode app get web",
		Args:              atMost("NAME"),
		ValidArgsFunction: completeApps(std),
		RunE: online(func(cmd *cobra.Command, args []string) error {
			c, s, err := connectNamed(cmd, std, args)
			if err != nil {
				return err
			}
			defer c.Close()
			a, err := c.App(cmd.Context())
			if err != nil {
				return err
			}
			return printApp(newPrinter(std, s), a)
		}),
	}
	addClientFlags(cmd)
	return cmd
}

func printApp(p printer, a sessnode.AppInfo) error {
	return printOne(p, view.AppOf(a), func() *term.Table { return view.OneApp(a, p.view()) })
}
