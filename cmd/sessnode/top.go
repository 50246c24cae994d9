package main

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode/internal/term"
	"github.com/sessnode/sessnode/internal/view"
)

// leastInterval keeps top from becoming a load of its own.
const leastInterval = 100 * time.Millisecond

func newTop(std stdio) *cobra.Command {
	var (
		interval time.Duration
		once     bool
	)
	cmd := &cobra.Command{
		Use:   "top [flags]",
		Short: "Watch what the cluster does, live",
		Long: "top shows each second what every node does: reads and writes, failures, latencies, the time of a write to the log, " +
			"who is behind, who leads; and below, the routes that are asked for. It reads the nodes' metrics, which takes an " +
			"operator's key.\n\n" +
			"On a terminal q quits, p pauses and s sorts the routes. In a pipe it prints a block for each interval, with -o json " +
			"and -o jsonl an object on a line. FAIL/S counts what ended in unavailable, unknown or full.",
		Example: "  sessnode top\n  sessnode top --once --interval 10s -o json",
		Args:    needs(),
		RunE: online(func(cmd *cobra.Command, _ []string) error {
			if interval < leastInterval {
				return &problem{what: "--interval is too short", why: "the least is " + leastInterval.String(), try: "--interval 1s", exit: exitUsage}
			}
			c, s, err := connect(cmd, std)
			if err != nil {
				return err
			}
			defer c.Close()
			w := watch{looker: view.Looker{Client: c, HTTP: s.transport, Each: min(s.Timeout, eachNode)}, interval: interval, once: once}
			p := newPrinter(std, s)
			if p.screen.Moves() && !p.isJSON() && !once {
				return w.live(cmd.Context(), std, p)
			}
			return w.plain(cmd.Context(), p)
		}),
	}
	cmd.Flags().DurationVar(&interval, "interval", time.Second, "how often to look")
	cmd.Flags().BoolVar(&once, "once", false, "look twice, print once, end")
	addClientFlags(cmd)
	return cmd
}

// watch looks at a cluster again and again.
type watch struct {
	looker   view.Looker
	interval time.Duration
	once     bool
}

// plain prints a block for each interval.
func (w watch) plain(ctx context.Context, p printer) error {
	before, err := w.looker.Observe(ctx)
	if err != nil {
		return err
	}
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	top := view.Top{}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		now, err := w.looker.Observe(ctx)
		if err != nil {
			return err
		}
		rates := now.Since(before)
		before = now
		top.Add(rates)
		if err := w.block(p, &top, rates); err != nil || w.once {
			return err
		}
	}
}

// block prints what was seen in one interval.
func (w watch) block(p printer, top *view.Top, rates view.Rates) error {
	if p.isJSON() {
		if !w.once {
			p.form = "jsonl" // a stream of documents is read line by line
		}
		return p.json(rates)
	}
	text := strings.Join(top.Lines(p.screen, 0), "\n") + "\n"
	if !w.once {
		text += "\n"
	}
	_, err := p.out.Write([]byte(text))
	return err
}

// live redraws the screen until q or a signal. Looking goes on while it is paused, so that the strips have no gap.
func (w watch) live(ctx context.Context, std stdio, p printer) error {
	before, err := w.looker.Observe(ctx)
	if err != nil {
		return err
	}
	live := term.NewLive(p.out, p.screen).Full()
	defer live.Close()
	var keys <-chan rune
	top := view.Top{}
	if in, ok := std.in.(*os.File); ok {
		if pressed, restore, err := term.Keys(in); err == nil {
			defer restore()
			keys, top.Keys = pressed, true
		}
	}
	draw := func() error {
		s := live.Screen()
		return live.Draw(top.Lines(s, s.Height))
	}
	top.Add(before.Since(before))
	if err := draw(); err != nil {
		return err
	}
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case key, open := <-keys:
			if !open {
				keys = nil
				continue
			}
			if press(&top, key) {
				return nil
			}
		case <-ticker.C:
			now, err := w.looker.Observe(ctx)
			if err != nil {
				return err
			}
			if !top.Paused {
				top.Add(now.Since(before))
				before = now
			}
		}
		if err := draw(); err != nil {
			return err
		}
	}
}

// press does what a key says, and reports whether it was the last.
func press(top *view.Top, key rune) (quit bool) {
	switch key {
	case 'q', 'Q':
		return true
	case 'p', 'P', ' ':
		top.Paused = !top.Paused
	case 's', 'S':
		top.Order = top.Order.Next()
	}
	return false
}
