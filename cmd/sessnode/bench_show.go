package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/bench"
	"github.com/sessnode/sessnode/internal/term"
)

// Progress is redrawn so often on a terminal, and told in a line of its own elsewhere.
const (
	redrawEvery  = 200 * time.Millisecond
	narrateEvery = 5 * time.Second
)

// benchShow carries a plan out and shows it: progress on standard error, the result on standard output.
type benchShow struct {
	printer
	plan        bench.Plan
	environment bench.Environment

	live *term.Live
	said time.Time // when the last line of progress was
	err  error     // of writing the result
}

// load puts the load on a cluster. Whatever happens on the way, what was measured is shown. It closes the client.
func (b *benchShow) load(ctx context.Context, c *client.Client, access bench.Access) error {
	defer c.Close()
	b.environment.Local = !slices.ContainsFunc(c.Nodes(), func(u string) bool { return !bench.Loopback(u) })
	b.say("measuring for %s in the app %s; Ctrl-C ends it and shows what was measured", term.Duration(b.plan.Total()), c.Name())
	b.said = time.Now()
	b.live = term.NewLive(b.printer.err, b.errors)
	observer := bench.Observer{Every: redrawEvery, Progress: b.progress, Done: b.done}
	if !b.errors.Moves() {
		observer.Every = narrateEvery
	}
	store := bench.Reach(c, access)
	defer store.Close()
	report, err := bench.Load(ctx, store, b.plan, observer)
	b.endProgress()
	report.Environment = b.environment
	err = errors.Join(explainLoad(err), b.err)
	if len(report.Runs) > 0 || err == nil {
		err = errors.Join(err, b.result(report))
	}
	if report.Left > 0 {
		b.say("%s sessions are left in the app %s; they expire by themselves, within 3 hours of their last use", term.Count(report.Left), c.Name())
	}
	if err == nil && !report.Interrupted && report.Succeeded() == 0 {
		err = &problem{what: "no operation succeeded", why: strings.Join(report.Remarks()[2:], "; "), try: "sessnode status   shows whether the cluster serves", exit: exitFailure}
	}
	return interruptedOr(ctx, err)
}

// progress shows how far the load has come.
func (b *benchShow) progress(p bench.Progress) {
	if b.quiet {
		return
	}
	line := p.Line(b.errors)
	if b.errors.Moves() {
		_ = b.live.Draw([]string{line}) // narration: what cannot be written is not missed
	} else if p.Phase == bench.WarmingUp || p.Phase == bench.Measuring || time.Since(b.said) >= narrateEvery {
		b.said = time.Now()
		b.say("%s", line)
	}
}

// endProgress takes the progress line away.
func (b *benchShow) endProgress() {
	_ = b.live.Draw(nil)
	_ = b.live.Close()
}

// done tells of a run that has ended: as a line of the result in jsonl, else in the narration where more are to come.
func (b *benchShow) done(r bench.Run) {
	b.said = time.Now()
	if b.form == "jsonl" {
		b.err = errors.Join(b.err, b.json(benchLine{Type: "run", Run: &r}))
		return
	}
	if !b.quiet && b.plan.Runs() > 1 {
		_ = b.live.Say(r.Line())
	}
}

// benchLine is one line of the jsonl form: a run as soon as it has ended, and in the end the report without its runs.
type benchLine struct {
	Type   string        `json:"type"` // "run" or "report"
	Run    *bench.Run    `json:"run,omitempty"`
	Report *bench.Report `json:"report,omitempty"`
}

// result writes the report.
func (b *benchShow) result(r bench.Report) error {
	switch b.form {
	case "json":
		return b.json(r)
	case "jsonl":
		r.Runs = []bench.Run{}
		return b.json(benchLine{Type: "report", Report: &r})
	}
	if err := b.table(r.Table(b.screen.TTY, b.wide() || !b.screen.TTY)); err != nil {
		return err
	}
	if !b.screen.TTY {
		for _, line := range r.Remarks() {
			b.say("%s", line)
		}
		return nil
	}
	lines := append([]string{""}, r.Strips(b.screen)...)
	lines = append(append(lines, ""), r.Remarks()...)
	_, err := fmt.Fprintln(b.out, strings.Join(lines, "\n"))
	return err
}
