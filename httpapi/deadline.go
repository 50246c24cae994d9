package httpapi

import (
	"context"
	"sync"
	"time"
)

// deadline is the context of one request. Its channel is made when somebody waits for it, and its time is watched by the alarm of the
// connection: a timer and a place among the parent's children for each request are what a context of package context costs most.
type deadline struct {
	parent context.Context
	at     time.Time
	alarm  *alarm

	mu    sync.Mutex
	done  chan struct{} // nil until somebody waits
	err   error         // nil until it is over
	after map[*func()]struct{}
}

var _ context.Context = (*deadline)(nil)

// newDeadline makes a context that ends at a moment, with its parent, or when end is called. All deadlines of an alarm have the same parent, and
// one ends before the next is made.
func newDeadline(parent context.Context, at time.Time, alarm *alarm) *deadline {
	if before, has := parent.Deadline(); has && before.Before(at) {
		at = before
	}
	return &deadline{parent: parent, at: at, alarm: alarm}
}

// Deadline returns when the request's time is over.
func (d *deadline) Deadline() (time.Time, bool) { return d.at, true }

// Done begins to watch the time.
func (d *deadline) Done() <-chan struct{} {
	d.mu.Lock()
	done, first := d.done, d.done == nil
	if first {
		done = make(chan struct{})
		d.done = done
		if d.err != nil {
			close(done)
		}
	}
	d.mu.Unlock()
	if first {
		d.alarm.watch(d)
		if err := d.parent.Err(); err != nil { // it may have ended before the alarm looked at it
			d.finish(err)
		}
	}
	return done
}

// Err returns why the context has ended, if it has.
func (d *deadline) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.err != nil || d.done != nil: // who waits must not hear of the end before Done does
		return d.err
	case d.parent.Err() != nil:
		return d.parent.Err()
	case !time.Now().Before(d.at):
		return context.DeadlineExceeded
	}
	return nil
}

// Value returns the parent's.
func (d *deadline) Value(key any) any { return d.parent.Value(key) }

// AfterFunc has f run in a goroutine of its own once the context is over, unless stop is called before. Package context looks for it, so that contexts
// that are derived from this one need no goroutine while they wait.
func (d *deadline) AfterFunc(f func()) (stop func() bool) {
	d.Done()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		go f() // ends by itself
		return func() bool { return false }
	}
	if d.after == nil {
		d.after = map[*func()]struct{}{}
	}
	d.after[&f] = struct{}{}
	return func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		_, waits := d.after[&f]
		delete(d.after, &f)
		return waits
	}
}

// end ends the context, if nothing else has. Who asks for it later gets a context that is over.
func (d *deadline) end() {
	if d.finish(context.Canceled) {
		d.alarm.drop(d)
	}
}

// finish ends the context, and reports whether somebody waited for it.
func (d *deadline) finish(err error) (watched bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	watched = d.done != nil
	if d.err != nil {
		return watched
	}
	d.err = err
	if watched {
		close(d.done)
	}
	for f := range d.after {
		go (*f)() // ends by itself
	}
	d.after = nil
	return watched
}

func (d *deadline) isOver() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err != nil
}
