package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/moving"
	"github.com/sessnode/sessnode/internal/term"
	"github.com/sessnode/sessnode/internal/view"
)

// mostShown is how many refused lines are named on standard error; -o json has more.
const mostShown = 20

// notes says what an operator should know about the file, and which lines were refused.
func (f *importFlags) notes(p printer, r moving.Report) {
	if f.headerApp != "" && f.headerApp != f.app {
		p.say("note: the file says that it is for the app %s; its sessions go to %s", term.Clean(f.headerApp), f.app)
	}
	if r.Secrets > 0 {
		p.say("note: %s of the file can be opened with what is in it; delete it when the move is done", plural(uint64(r.Secrets), "session"))
	}
	if f.openToOthers {
		p.say("note: other users of this host can read the file: chmod 600 %s", f.path)
	}
	if r.NoIdle > 0 {
		p.say("note: %s no idle timeout: that of %s holds (sessnode app get %s)", plural(uint64(r.NoIdle), "session")+brings(r.NoIdle), f.app, f.app)
	}
	if r.NoLife > 0 {
		p.say("note: %s neither lifetime nor expires: the lifetime of %s holds, from now on", plural(uint64(r.NoLife), "session")+brings(r.NoLife), f.app)
	}
	if r.Nobody > 0 && r.Nobody == r.Importable {
		p.say("note: no session says who is signed in, so subject and why will not find them; exporters take the attribute's name: --subject-from")
	}
	for i, line := range r.Refusals {
		if i == mostShown {
			p.say("and %s more; -o json names them", term.Count(uint64(r.Refused-mostShown)))
			break
		}
		key := ""
		if line.Key != "" {
			key = " (key " + line.Key + "...)"
		}
		p.say("line %d%s: %s", line.Line, key, term.Clean(line.Reason))
	}
}

func brings(n int) string {
	if n == 1 {
		return " brings"
	}
	return " bring"
}

func (f *importFlags) show(p printer, r moving.Report) error {
	out := view.Imported{App: f.app, Source: r.Header.Source, DryRun: f.dryRun, Lines: r.Lines, Importable: r.Importable, Made: r.Made,
		There: r.There, Ended: r.Ended, Expired: r.Expired, Refused: r.Refused, Next: r.Next, Refusals: []view.ImportRefusal{}}
	for _, line := range r.Refusals {
		out.Refusals = append(out.Refusals, view.ImportRefusal(line))
	}
	return printOne(p, out, func() *term.Table { return view.ImportTable(out, p.view()) })
}

// explain finds the words for how an import ended.
func (f *importFlags) explain(err error, r moving.Report) error {
	switch {
	case errors.Is(err, moving.ErrHeader):
		return &problem{what: strings.TrimPrefix(f.path+": ", "-: ") + err.Error(), why: "the file was not written by an exporter of sessions, or its beginning is missing",
			try: "docs/reference/import-format.md says what it looks like, docs/how-to/move-in.md what writes it", exit: exitUsage, err: err}
	case errors.Is(err, moving.ErrOlder):
		return &problem{what: "a node does not know imports", why: "it runs an older version than this program",
			try: "update the nodes, one at a time, then the same again", exit: exitUsage, err: err}
	case errors.Is(err, sessnode.ErrForbidden):
		return &problem{what: err.Error(), why: "an import takes an operator's key: an app's own key does not cover it", try: "--api-key-file with an operator's key", exit: sessnode.CodeForbidden.Info().Exit, err: err}
	case err != nil:
		return err
	case r.Refused == 0:
		return nil
	}
	p := &problem{what: plural(uint64(r.Refused), "session") + " cannot be imported", exit: exitFailure,
		why: "the lines that are named above are not as the format or the app's policy has it", try: "docs/reference/import-format.md; then the same again: nothing is done twice"}
	if r.Shortest > 0 {
		p.why = fmt.Sprintf("some tokens are shorter than the policy of %s allows; the shortest has %d characters", f.app, r.Shortest)
		p.try = fmt.Sprintf("sessnode app set %s --min-token-length %d, then the same again", f.app, r.Shortest)
		if r.Shortest < sessnode.LeastTokenLength {
			p.why = fmt.Sprintf("some tokens have fewer than %d characters, the shortest %d: that is too easily guessed for any policy", sessnode.LeastTokenLength, r.Shortest)
			p.try = "nothing helps these sessions: their people sign in once more"
		}
	}
	return p
}
