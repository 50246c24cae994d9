package httpapi

import (
	"context"
	"sync"
	"time"
)

// deadline is the context of one request. Its timer is made when somebody waits for it: most requests are over before anybody does, and the
// timer is what a context of package context costs most.
type deadline struct {
	parent context.Context
	at     time.Time

	mu     sync.Mutex
	inner  context.Context // nil until somebody waits
	cancel context.CancelFunc
	over   bool
}

var _ context.Context = (*deadline)(nil)

// newDeadline makes a context that ends at a moment, with its parent, or when end is called.
func newDeadline(parent context.Context, at time.Time) *deadline {
	if before, has := parent.Deadline(); has && before.Before(at) {
		at = before
	}
	return &deadline{parent: parent, at: at}
}

// Deadline returns when the request's time is over.
func (d *deadline) Deadline() (time.Time, bool) { return d.at, true }

// Done begins to watch the time.
func (d *deadline) Done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inner == nil {
		d.inner, d.cancel = context.WithDeadline(d.parent, d.at)
		if d.over {
			d.cancel()
		}
	}
	return d.inner.Done()
}

// Err returns why the context has ended, if it has.
func (d *deadline) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.inner != nil:
		return d.inner.Err()
	case d.over:
		return context.Canceled
	case d.parent.Err() != nil:
		return d.parent.Err()
	case !time.Now().Before(d.at):
		return context.DeadlineExceeded
	}
	return nil
}

// Value returns the parent's. It lets package context recognise the inner context as one of its own, so that contexts that are derived from this
// one need no goroutine.
func (d *deadline) Value(key any) any {
	d.mu.Lock()
	inner := d.inner
	d.mu.Unlock()
	if inner != nil {
		return inner.Value(key)
	}
	return d.parent.Value(key)
}

// end ends the context, if nothing else has.
func (d *deadline) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.cancel != nil {
		d.cancel()
	}
}
