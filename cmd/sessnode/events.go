package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/view"
)

// eventFlags are those of `events` alone.
type eventFlags struct {
	after, subject string
	kinds          []string
	count          int
	length         time.Duration
}

func newEvents(std stdio) *cobra.Command {
	var f eventFlags
	cmd := &cobra.Command{
		Use:   "events",
		Short: "Follow what happens to sessions, as it happens",
		Long: "events tells what happens to the sessions of an app, or without --app of all apps (an operator's key is\n" +
			"needed then): created, bound (a login, or a logout that keeps the session), rotated, revoked, expired.\n" +
			"It comes in the order of the log and goes on at another node when one fails. It ends with Ctrl-C, and\n" +
			"then says how to go on from there. In a pipe, and with -o json, there is one event a line.",
		Example: "  sessnode events --app web\n" +
			"  sessnode events --app web --kinds revoked,expired --subject ada\n" +
			"  sessnode events --after oldest --for 1s -o jsonl",
		Args: cobra.NoArgs,
		RunE: online(func(cmd *cobra.Command, _ []string) error {
			c, s, err := connect(cmd, std)
			if err != nil {
				return err
			}
			defer c.Close()
			follow, err := f.follow()
			if err != nil {
				return err
			}
			return followEvents(cmd.Context(), c, follow, f, newPrinter(std, s))
		}),
	}
	addClientFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.after, "after", "", "begin after this event's id, or at the oldest that is kept: oldest (unset: from now on)")
	flags.StringVar(&f.subject, "subject", "", "only sessions of this subject")
	flags.StringSliceVar(&f.kinds, "kinds", nil, "only these kinds, separated by commas: created, bound, rotated, revoked, expired")
	flags.IntVar(&f.count, "count", 0, "end after so many events (0: without end)")
	flags.DurationVar(&f.length, "for", 0, "end after this time (0: without end)")
	return cmd
}

// follow reads the flags that say what is wanted.
func (f eventFlags) follow() (client.Follow, error) {
	out := client.Follow{After: f.after, Subject: f.subject}
	for _, name := range f.kinds {
		kind, known := sessnode.ParseEventKind(name)
		if !known || kind == sessnode.EventGap {
			return out, &problem{what: fmt.Sprintf("there is no kind of event called %q", name), why: "the kinds are created, bound, rotated, revoked and expired",
				try: "sessnode events --kinds created,revoked", exit: exitUsage}
		}
		out.Kinds = append(out.Kinds, kind)
	}
	if f.count < 0 || f.length < 0 {
		return out, &problem{what: "--count and --for must not be negative", why: "they say when to end; 0 means never", try: "sessnode events --count 10", exit: exitUsage}
	}
	return out, nil
}

// followEvents prints events until it is told to end.
func followEvents(ctx context.Context, c *client.Client, follow client.Follow, f eventFlags, p printer) error {
	if f.length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.length)
		defer cancel()
	}
	place, waits := "", false
	follow.Reached = func(id string) {
		if place = id; waits {
			waits = false
			p.say("following again")
		}
	}
	follow.Waits = func(err error) {
		if !waits {
			waits = true
			p.say("no node goes on with the stream; waiting: %v", err)
		}
	}
	if p.screen.TTY {
		p.say("following %s; Ctrl-C ends", appOrAll(c.Name()))
	} else if !p.isJSON() {
		fmt.Fprintln(p.out, view.EventHeader())
	}
	seen := 0
	for event, err := range c.Events(ctx, follow) {
		if err != nil {
			return explainEvents(err)
		}
		if err := p.event(event); err != nil {
			return err
		}
		place = event.ID
		if seen++; seen == f.count {
			break
		}
	}
	if place != "" {
		p.say("%s; go on with --after %s", plural(uint64(seen), "event"), place)
	}
	return nil
}

// event prints one event on a line of its own, whatever the form.
func (p printer) event(e sessnode.Event) error {
	switch {
	case p.isJSON():
		p.form = "jsonl"
		return p.json(view.EventOf(e))
	case p.screen.TTY:
		_, err := fmt.Fprintln(p.out, view.EventLine(e, p.screen, p.wide()))
		return err
	}
	_, err := fmt.Fprintln(p.out, view.EventRow(e))
	return err
}

func appOrAll(app string) string {
	if app == "" {
		return "all apps"
	}
	return app
}

// explainEvents says where a lost place can be taken up again.
func explainEvents(err error) error {
	var gone *sessnode.Error
	if !errors.Is(err, sessnode.ErrGone) || !errors.As(err, &gone) {
		return err
	}
	return &problem{what: strings.TrimPrefix(gone.Error(), "events: "), why: "the id is older than what the node keeps, or of another life of the cluster",
		try: "sessnode events --after oldest   (what is kept now begins at " + gone.Oldest + ")", exit: sessnode.CodeGone.Info().Exit, err: err}
}
