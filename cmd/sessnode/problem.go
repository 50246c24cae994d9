package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/config"
	"github.com/sessnode/sessnode/internal/term"
)

// problem is a failure as a person needs it: what failed, why we think so, what to type next, and the exit code.
type problem struct {
	what, why, try string
	exit           int
	err            error // the cause, for errors.Is; may be nil
}

// Error returns the problem on one line.
func (p *problem) Error() string { return p.what + ": " + p.why }

// Unwrap makes errors.Is see the cause.
func (p *problem) Unwrap() error { return p.err }

// print writes the three lines, whatever line breaks the cause brought along. A problem that explains itself has one. On a
// terminal the first two are wrapped between words; the third is not, so that it can be copied whole.
func (p *problem) print(std stdio) {
	line := strings.NewReplacer("\r", "", "\n", "; ")
	s := term.Of(std.err, std.env, std.color)
	put := func(label, text string, wrap bool) {
		lines := []string{line.Replace(text)}
		if wrap && s.TTY {
			lines = wrapped(lines[0], max(20, s.Width-len("likely: ")))
		}
		fmt.Fprintf(std.err, "%s%s\n", label, strings.Join(lines, "\n        "))
	}
	put(s.Bold(s.Red("error:"))+"  ", p.what, true)
	if p.why != "" {
		put(s.Bold("likely:")+" ", p.why, true)
	}
	if p.try != "" {
		put(s.Bold(s.Green("try:"))+"    ", p.try, false)
	}
}

// silent is an exit code without a word: what there is to say was the result.
type silent struct{ exit int }

// Error names the code.
func (s *silent) Error() string { return fmt.Sprintf("exit code %d", s.exit) }

// report prints err in threes of lines and returns the exit code that it stands for. What may be a token among the arguments
// is not shown again.
func report(std stdio, err error, args []string) int {
	put := func(p *problem) {
		hidden := *p
		hidden.what, hidden.why, hidden.try = redact(p.what, args), redact(p.why, args), redact(p.try, args)
		hidden.print(std)
	}
	if faults := config.Faults(err); len(faults) > 0 {
		for _, f := range faults {
			put(&problem{what: f.What, why: f.Why, try: f.Cure})
		}
		return exitUsage
	}
	if code := (*silent)(nil); errors.As(err, &code) {
		return code.exit
	}
	p := explain(err)
	put(p)
	return p.exit
}

// explain finds the words for an error that has none of its own yet.
func explain(err error) *problem {
	var p *problem
	var op *net.OpError
	var path *fs.PathError
	var store *sessnode.Error
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &store):
		return explainStore(store, err)
	case errors.Is(err, syscall.EADDRINUSE):
		return &problem{err.Error(), "another process on this host listens there already, perhaps another node",
			"ss -ltnup shows who; or give this node a port of its own with --http, --node or --gossip", exitUnavailable, err}
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return &problem{err.Error(), "no interface of this host has that address",
			"ip addr shows this host's addresses; to be reached from outside, listen on 0.0.0.0 and add --advertise-host", exitUsage, err}
	case errors.As(err, &op) && errors.Is(err, fs.ErrPermission):
		return &problem{err.Error(), "this user may not listen there: ports below 1024 need privileges",
			"sessnode serve --http 127.0.0.1:7480", exitUsage, err}
	case errors.As(err, &op) && op.Op == "listen":
		return &problem{err.Error(), "the address cannot be listened on", "sessnode serve --http 127.0.0.1:7480", exitUsage, err}
	case errors.Is(err, fs.ErrPermission) && errors.As(err, &path):
		return &problem{err.Error(), "this user may not write there", "chown the directory to this user, or name another: --data DIR", exitUsage, err}
	case errors.Is(err, syscall.ENOSPC) && errors.As(err, &path) && path.Path == os.Stdout.Name():
		return &problem{err.Error(), "the disk that the output goes to is full", "make room (df -h shows where), or send the output elsewhere", exitUnavailable, err}
	case errors.Is(err, syscall.ENOSPC):
		return &problem{err.Error(), "the disk is full", "make room (df -h shows where), or name a directory on another disk: --data DIR", exitUnavailable, err}
	case errors.As(err, &path):
		return &problem{err.Error(), "the path is missing, is not a directory, or cannot be used", "name a directory that this user can write: --data DIR", exitUsage, err}
	}
	return &problem{err.Error(), "the message above says all that is known", "run it again with --log-level debug (a node) or -v (other verbs)", exitFailure, err}
}
