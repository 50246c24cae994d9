package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/moving"
	"github.com/sessnode/sessnode/internal/term"
)

// importFlags is what an import was told beside how to reach the cluster.
type importFlags struct {
	dryRun         bool
	from, atOnce   int
	patience       spanFlag
	path           string
	openToOthers   bool // other users of this host can read the file
	app, headerApp string
}

// mostAtOnce bounds what an import asks of a cluster that people are using meanwhile.
const mostAtOnce = 256

func newImport(std stdio) *cobra.Command {
	f := importFlags{atOnce: 16, patience: spanFlag{time.Minute}}
	cmd := &cobra.Command{
		Use:   "import FILE|- [flags]",
		Short: "Move sessions of another store in, so that nobody is logged out",
		Long: "import reads sessions from FILE, or from standard input, a JSON object a line (docs/reference/import-format.md), as the exporters of the " +
			"adapters write them, and stores them under the tokens that are in people's cookies already. It hashes a token that it finds before " +
			"it sends anything, and never decodes a value.\n\n" +
			"It never overwrites: a token that has a session keeps it, and one whose session has ended stays ended. So an import that was interrupted " +
			"can begin anew, or go on with --from-line. A line that is wrong is named and passed over.\n\n" +
			"It needs an operator's API key. Without --app the file says which app it is for. Exit code 1: some lines were refused.",
		Example: "  sessnode import sessions.jsonl --app web --dry-run\n  sessnode import sessions.jsonl --app web\n" +
			"  python manage.py sessnode_export - | sessnode import - --app web",
		Args: needs("FILE"),
		RunE: online(func(cmd *cobra.Command, args []string) error {
			f.path = args[0]
			return runImport(cmd, std, &f)
		}),
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.dryRun, "dry-run", false, "check every line against the app's policy, and store nothing")
	flags.IntVar(&f.from, "from-line", 0, "pass over the lines before this one, to go on after an interruption")
	flags.IntVar(&f.atOnce, "at-once", f.atOnce, "how many sessions are under way at once")
	flags.Var(&f.patience, "patience", "how long to wait for a store that cannot answer, before giving up")
	addClientFlags(cmd)
	return cmd
}

func runImport(cmd *cobra.Command, std stdio, f *importFlags) error {
	if err := f.validate(); err != nil {
		return err
	}
	in, err := f.open(std)
	if err != nil {
		return err
	}
	defer in.Close()
	c, s, err := connect(cmd, std)
	if err != nil {
		return err
	}
	defer c.Close()
	p := newPrinter(std, s)
	report, err := f.run(cmd.Context(), c, p, in)
	if f.app == "" { // it ended before it knew what to do
		return f.explain(err, report)
	}
	f.notes(p, report)
	if shown := f.show(p, report); shown != nil {
		return shown
	}
	if err != nil && report.Next > 0 {
		p.say("it ended early: go on with --from-line %d, or begin anew; nothing is done twice", report.Next)
	}
	return f.explain(err, report)
}

func (f *importFlags) validate() error {
	switch {
	case f.atOnce < 1 || f.atOnce > mostAtOnce:
		return &problem{what: fmt.Sprintf("--at-once is %d", f.atOnce), why: fmt.Sprintf("it may be 1 to %d", mostAtOnce), try: "--at-once 16", exit: exitUsage}
	case f.from < 0:
		return &problem{what: fmt.Sprintf("--from-line is %d", f.from), why: "lines are counted from 1", try: "leave it out to begin at the beginning", exit: exitUsage}
	case f.patience.d <= 0 || f.patience.d >= sessnode.OpWindow:
		return &problem{what: "--patience is " + f.patience.String(), why: "a second try is known to be one for less than " + sessnode.OpWindow.String(), try: "--patience 1m", exit: exitUsage}
	}
	return nil
}

// open opens the file, and finds out who else can.
func (f *importFlags) open(std stdio) (io.ReadCloser, error) {
	if f.path == "-" {
		return io.NopCloser(std.in), nil
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, &problem{what: err.Error(), why: "the file is missing, or this user may not read it", try: "ls -l " + f.path + "; - reads standard input", exit: exitUsage, err: err}
	}
	if info, err := file.Stat(); err == nil {
		f.openToOthers = info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0
	}
	return file, nil
}

// run imports. It fills in the app once the header has been read.
func (f *importFlags) run(ctx context.Context, c *client.Client, p printer, in io.Reader) (moving.Report, error) {
	live := term.NewLive(p.err, p.errors)
	defer live.Close()
	options := moving.Options{DryRun: f.dryRun, From: f.from, AtOnce: f.atOnce, Now: time.Now(), Patience: f.patience.d}
	options.Begin = func(h moving.Header, o *moving.Options) error {
		name := c.Name()
		if name == "" {
			name = h.App
		}
		if name == "" {
			return errNoApp()
		}
		c = c.In(name)
		a, err := c.App(ctx)
		if err != nil {
			return err
		}
		o.App, o.Policy, o.Store = name, a.Policy, c
		f.app, f.headerApp = name, h.App
		return nil
	}
	if !p.quiet && p.errors.Moves() {
		options.Progress = progressOf(live, time.Now)
	}
	return moving.Run(ctx, in, options)
}

// drawEvery is how often the line of progress changes.
const drawEvery = 200 * time.Millisecond

// progressOf draws how far an import is, on a terminal. The last call draws whatever the time.
func progressOf(live *term.Live, now func() time.Time) func(moving.Report) {
	var last time.Time
	return func(r moving.Report) {
		if at := now(); at.Sub(last) >= drawEvery {
			last = at
			_ = live.Draw([]string{fmt.Sprintf("%s read, %s made, %s refused", plural(uint64(r.Lines), "session"), term.Count(uint64(r.Made)), term.Count(uint64(r.Refused)))})
		}
	}
}
