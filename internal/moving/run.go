package moving

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// Store is what the sessions go into: a client.Client.
type Store interface {
	// Import makes a session; see client.Client.Import for its errors.
	Import(ctx context.Context, in client.Import, opts ...client.CallOption) (*client.Session, error)
}

// Options say how to import. Store, App and Policy may be set by Begin; AtOnce and Now are required.
type Options struct {
	Store  Store           // where the sessions go
	App    string          // its name, for texts
	Policy sessnode.Policy // the app's
	DryRun bool            // check every line, and send nothing
	From   int             // the first line to look at; the header is read all the same
	AtOnce int             // how many imports are under way at once
	Now    time.Time       // judges what has expired

	// Patience is how long one import is tried again while the store cannot answer. It is shorter than
	// sessnode.OpWindow, so that a second try is known to be one.
	Patience time.Duration

	// Begin is called once with the header, before any session, and may change the options. An error ends the run. May be nil.
	Begin func(Header, *Options) error

	// Progress is called now and then, never twice at once, with what became of the lines so far. May be nil.
	Progress func(Report)
}

// Run imports what in holds and reports what became of every line. It returns once nothing is under way any more.
//
// A line that is wrong is counted and passed over. An error means that the run ended early: one of ErrHeader, of the input, of the
// context, ErrOlder, or of the store where another line would fare no better (unauthorized, forbidden, unknown app, full, or unavailable or
// unknown for longer than Options.Patience). Report.Next then says where to go on; to begin anew does no harm either.
func Run(ctx context.Context, in io.Reader, o Options) (Report, error) {
	r := &run{Options: o, lines: linesOf(in), name: sessnode.NewOpID(), seen: map[sessnode.Key]int{}}
	first, err := r.lines.next()
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errTooLong) {
		return r.report, err
	}
	if r.report.Header, err = parseHeader(first); err != nil {
		return r.report, err
	}
	if o.Begin != nil {
		if err := o.Begin(r.report.Header, &r.Options); err != nil {
			return r.report, err
		}
	}
	err = r.all(ctx)
	return r.report, err
}

// run is one import on its way.
type run struct {
	Options
	lines *lines
	name  sessnode.OpID        // tells this run's operations from those of others
	seen  map[sessnode.Key]int // the line of each key; used by all only

	mu     sync.Mutex
	report Report
	failed error // the first failure that ends the run
}

// all goes through the lines. Its workers end when it closes their queue, which it does whatever happens.
func (r *run) all(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	queue := make(chan job)
	var workers sync.WaitGroup
	for range max(1, r.AtOnce) {
		workers.Go(func() {
			for j := range queue {
				if err := r.send(ctx, j); err != nil {
					r.end(j.line, err)
					stop()
				}
			}
		})
	}
	err := r.read(ctx, queue)
	close(queue)
	workers.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		err = r.failed
	}
	slices.SortFunc(r.report.Refusals, func(x, y Refusal) int { return cmp.Compare(x.Line, y.Line) })
	if r.Progress != nil {
		r.Progress(r.report)
	}
	return err
}

// job is a session to be sent, and its line.
type job struct {
	line int
	client.Import
}

// read judges line by line, and queues what is to be sent.
func (r *run) read(ctx context.Context, queue chan<- job) error {
	for {
		line, err := r.lines.next()
		at := r.lines.at
		switch {
		case ctx.Err() != nil && !errors.Is(err, io.EOF):
			r.leave(at)
			return ctx.Err()
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, errTooLong):
			r.leave(at)
			return err
		case at < r.From:
			r.count(func(report *Report) { report.Skipped++ })
			continue
		}
		var in record
		if err == nil {
			in, err = parseRecord(line)
		}
		if !r.wanted(at, &in, err) {
			continue
		}
		select {
		case queue <- job{at, in.Import}:
		case <-ctx.Done():
			r.leave(at)
			return ctx.Err()
		}
	}
}

// wanted counts a line that was read, and reports whether it is to be sent.
func (r *run) wanted(line int, in *record, err error) bool {
	send := false
	r.count(func(report *Report) {
		report.Lines++
		if in.secret {
			report.Secrets++
		}
		if err != nil {
			report.refuse(line, in.Key, err.Error())
			return
		}
		if first, twice := r.seen[in.Key]; twice {
			report.refuse(line, in.Key, fmt.Sprintf("it has the same key as line %d", first))
			return
		}
		r.seen[in.Key] = line
		if in.settle(r.Now) {
			report.Expired++
			return
		}
		if err := in.judge(r.Policy, r.App); err != nil {
			if uint64(in.TokenChars) < r.Policy.MinTokenLength && (report.Shortest == 0 || in.TokenChars < report.Shortest) {
				report.Shortest = in.TokenChars
			}
			report.refuse(line, in.Key, err.Error())
			return
		}
		report.importable(in)
		send = !r.DryRun
	})
	return send
}

// count changes the report, and shows it.
func (r *run) count(change func(*Report)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.report)
	if r.Progress != nil {
		r.Progress(r.report)
	}
}

// leave notes a line that was not dealt with.
func (r *run) leave(line int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.report.Next == 0 || line < r.report.Next {
		r.report.Next = line
	}
}

// end notes the line at which the run ended.
func (r *run) end(line int, err error) {
	r.leave(line)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = err
	}
}
