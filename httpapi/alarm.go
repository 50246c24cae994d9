package httpapi

import (
	"context"
	"sync"
	"time"
)

// alarm ends the deadlines of one connection, of which one is watched at a time. Its timer is not set anew with each request: when it goes off for
// one that is over, it is set for the present one. So a busy connection sets it once in the time that a request has. The zero value is ready;
// who used it must call stop. It is safe for concurrent use.
type alarm struct {
	mu      sync.Mutex
	present *deadline
	timer   *time.Timer // nil until something was watched
	at      time.Time   // when it goes off; zero if it is not set
	leave   func() bool // stops watching the parent; nil if it is not watched
	stopped bool
}

// watch ends d when its time is over, or its parent.
func (a *alarm) watch(d *deadline) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped || d.isOver() { // whoever kept an old one must not take the place of the present one
		return
	}
	a.present = d
	if a.leave == nil {
		a.leave = context.AfterFunc(d.parent, a.orphan)
	}
	if a.at.IsZero() || d.at.Before(a.at) {
		a.set(d.at)
	}
}

// set has the timer go off at a time.
func (a *alarm) set(at time.Time) {
	a.at = at
	if a.timer == nil {
		a.timer = time.AfterFunc(time.Until(at), a.ring)
		return
	}
	a.timer.Reset(time.Until(at))
}

// ring is called by the timer.
func (a *alarm) ring() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = time.Time{}
	switch {
	case a.stopped || a.present == nil:
	case time.Now().Before(a.present.at):
		a.set(a.present.at)
	default:
		a.present.finish(context.DeadlineExceeded)
	}
}

// orphan is called when the parent has ended.
func (a *alarm) orphan() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.present != nil {
		a.present.finish(a.present.parent.Err())
	}
}

// drop forgets a deadline that is over.
func (a *alarm) drop(d *deadline) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.present == d {
		a.present = nil
	}
}

// stop ends the watching for good.
func (a *alarm) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
	if a.timer != nil {
		a.timer.Stop()
	}
	if a.leave != nil {
		a.leave()
	}
}
