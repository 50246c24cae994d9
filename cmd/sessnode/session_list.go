package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/term"
	"github.com/sessnode/sessnode/internal/view"
)

func newSessionList(std stdio) *cobra.Command {
	var (
		subject string
		limit   int
	)
	cmd := &cobra.Command{
		Use:   "list [--subject NAME] [flags]",
		Short: "List the live sessions of an app",
		Long: "list goes through all live sessions of an app, in the order of their creation; that takes an operator's key. " +
			"With --subject it lists those of one subject, which an app's key may see too.",
		Example: "  sessnode session list --app web --limit 20\n  sessnode session list --app web -o jsonl | jq -r .subject | sort | uniq -c",
		Args:    needs(),
		RunE: online(func(cmd *cobra.Command, _ []string) error {
			if limit < 0 {
				return &problem{what: "--limit must not be negative", why: "it is how many sessions are shown; 0 means all", try: "--limit 20", exit: exitUsage}
			}
			c, s, err := connectApp(cmd, std)
			if err != nil {
				return err
			}
			defer c.Close()
			if subject != "" {
				return listSubject(cmd.Context(), c, newPrinter(std, s), subject, limit)
			}
			return listSessions(cmd.Context(), c, newPrinter(std, s), limit)
		}),
	}
	cmd.Flags().StringVar(&subject, "subject", "", "only sessions of this subject")
	cmd.Flags().IntVar(&limit, "limit", 0, "at most so many (0: all)")
	addClientFlags(cmd)
	return cmd
}

// listSessions pages through an app. As JSON lines they are written page by page; other forms need to see all first.
func listSessions(ctx context.Context, c *client.Client, p printer, limit int) error {
	var list []sessnode.Session
	seen, more := 0, false
	for s, err := range c.Sessions(ctx) {
		if err != nil {
			return err
		}
		if limit > 0 && seen == limit {
			more = true
			break
		}
		seen++
		if p.form == "jsonl" {
			if err := p.json(view.SessionOf(s, "")); err != nil {
				return err
			}
			continue
		}
		list = append(list, s)
	}
	if more {
		defer p.say("there are more than %d", limit)
	}
	if p.form == "jsonl" && seen > 0 {
		return nil
	}
	return printSessions(p, list, fmt.Sprintf("the app %s has no live session", c.Name()))
}

func listSubject(ctx context.Context, c *client.Client, p printer, subject string, limit int) error {
	list, err := c.SubjectSessions(ctx, subject)
	if err != nil {
		return err
	}
	if limit > 0 && len(list) > limit {
		defer p.say("there are %d more", len(list)-limit)
		list = list[:limit]
	}
	return printSessions(p, list, fmt.Sprintf("%s has no live session in the app %s; sessnode why --subject tells what ended lately", term.Clean(subject), c.Name()))
}

func printSessions(p printer, list []sessnode.Session, empty string) error {
	items := make([]view.Session, 0, len(list))
	for _, s := range list {
		items = append(items, view.SessionOf(s, ""))
	}
	return printList(p, items, func() *term.Table { return view.Sessions(list, p.view(), p.wide()) }, empty)
}
