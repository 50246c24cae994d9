package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/term"
	"github.com/sessnode/sessnode/internal/view"
)

func newWhy(std stdio) *cobra.Command {
	var subject string
	cmd := &cobra.Command{
		Use:   "why ID | --subject NAME [flags]",
		Short: "Why was somebody logged out?",
		Long: "why tells how a session ended, or how those of a subject ended lately: expired, revoked or evicted, when, by whom " +
			"and through which node. It is remembered for the app's tombstone time (1 h by default); after that, and for an " +
			"id that never was, the exit code is 3.",
		Example: "  sessnode why iZ1pO5ZkRyq4yq7CQeR9bA --app web\n  sessnode why --subject ada --app web -o json",
		Args:    atMost("ID"),
		RunE: online(func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (subject != "") {
				return &problem{what: "why needs an id or a subject", why: "it tells how one session ended, or those of one subject",
					try: "sessnode why ID   or   sessnode why --subject NAME", exit: exitUsage}
			}
			c, s, err := connectApp(cmd, std)
			if err != nil {
				return err
			}
			defer c.Close()
			if subject != "" {
				return whySubject(cmd.Context(), c, newPrinter(std, s), subject)
			}
			id, err := parseID(args[0])
			if err != nil {
				return err
			}
			return whyID(cmd.Context(), c, newPrinter(std, s), id)
		}),
	}
	cmd.Flags().StringVar(&subject, "subject", "", "all sessions of this subject that ended lately")
	addClientFlags(cmd)
	return cmd
}

func whyID(ctx context.Context, c *client.Client, p printer, id sessnode.ID) error {
	ended, err := c.Why(ctx, id)
	if err != nil {
		return err
	}
	if len(ended) > 0 {
		return printEnded(p, ended, true, "")
	}
	s, err := c.SessionByID(ctx, id)
	switch {
	case err == nil:
		f := p.personal()
		return printEnded(p, nil, true, fmt.Sprintf("the session lives: it was active %s and ends %s unless it is used", f.When(s.Touched), f.When(s.IdleDeadline)))
	case errors.Is(err, sessnode.ErrNotFound):
		return nothingKnown(ctx, c, "the session "+id.String())
	}
	return err
}

func whySubject(ctx context.Context, c *client.Client, p printer, subject string) error {
	ended, err := c.WhySubject(ctx, subject)
	if err != nil {
		return err
	}
	if len(ended) > 0 {
		return printEnded(p, ended, false, "")
	}
	live, err := c.SubjectSessions(ctx, subject)
	if err != nil {
		return err
	}
	if len(live) > 0 {
		return printEnded(p, nil, false, fmt.Sprintf("%s was not logged out lately: %s, and none ended", term.Clean(subject), plural(uint64(len(live)), "live session")))
	}
	return nothingKnown(ctx, c, "sessions of "+term.Clean(subject))
}

// personal is the view for narration, which is for people always.
func (p printer) personal() view.Form {
	f := p.view()
	f.Plain = false
	return f
}

// printEnded writes a sentence for each on a terminal, with the subject where the session was named, else with its id;
// elsewhere as any list. Where there is none, empty says why.
func printEnded(p printer, ended []sessnode.Ended, named bool, empty string) error {
	items := make([]view.Ended, 0, len(ended))
	for _, e := range ended {
		items = append(items, view.EndedOf(e))
	}
	if p.form != "table" || !p.screen.TTY || len(ended) == 0 {
		return printList(p, items, func() *term.Table { return view.EndedTable(ended, p.view()) }, empty)
	}
	for _, e := range ended {
		name := e.ID.String()
		if e.ID.IsZero() {
			name = "a token that never had a session"
		}
		if named {
			name = cmp.Or(term.Clean(e.Subject), "(anonymous)")
		}
		if _, err := fmt.Fprintf(p.out, "%s  %s\n", p.screen.Bold(name), view.EndedSentence(e, p.view())); err != nil {
			return err
		}
	}
	return nil
}

// nothingKnown says how long the store remembers, so that "not found" is not taken for "never happened".
func nothingKnown(ctx context.Context, c *client.Client, what string) error {
	remembered := "its app's tombstone time, an hour by default"
	if a, err := c.App(ctx); err == nil {
		remembered = view.Span(a.Policy.TombstoneTime) + " (tombstone_time of the app " + term.Clean(a.Name) + ")"
	}
	return &problem{what: "nothing is known of " + what,
		why: "what ended is remembered for " + remembered + "; it ended before that, never was, or belongs to another app than " + c.Name(),
		try: "check --app; the app's own log may know more; a longer memory: sessnode app set " + c.Name() + " --tombstone-time 24h", exit: sessnode.CodeNotFound.Info().Exit,
		err: sessnode.ErrNotFound}
}

// endedID explains that no live session has an id.
func endedID(err error, id string) error {
	if !errors.Is(err, sessnode.ErrNotFound) {
		return err
	}
	return &problem{what: "no live session has the id " + id, why: "it ended, never was, or belongs to another app",
		try: "sessnode why " + id + " tells how it ended", exit: sessnode.CodeNotFound.Info().Exit, err: err}
}
