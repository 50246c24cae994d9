package httpapi

import (
	"math"
	"net/http"
	"sync/atomic"
	"time"
)

// phase is what a connection of the loop is doing.
type phase uint32

const (
	phaseFresh  phase = iota // accepted, nothing read yet
	phaseIdle                // between two requests: it may be closed at any time
	phaseBusy                // a request is read or worked on, or its answer written
	phaseClosed              // nothing more is to be read from it
	phaseCount
)

// phaseBits is where the phase stands in a connection's state; below it is the tick at which it began.
const phaseBits = 30

// watch ends connections that take too long, all of them from one goroutine: setting a deadline for each request would cost more than
// parsing it. Its time goes in ticks, so that limits are kept with the precision of one tick.
type watch struct {
	every  time.Duration
	limits [phaseCount]uint32 // in ticks
	done   chan struct{}      // closed by Shutdown

	tick atomic.Uint32
	date atomic.Pointer[string] // as the header Date has it
}

func (w *watch) prepare(c ServerConfig) {
	w.every = max(min(time.Second, c.ReadHeaderTimeout/5, c.IdleTimeout/5, c.WriteTimeout/5), time.Millisecond)
	w.done = make(chan struct{})
	for p, limit := range [phaseCount]time.Duration{phaseFresh: c.ReadHeaderTimeout, phaseIdle: c.IdleTimeout, phaseBusy: c.WriteTimeout} {
		w.limits[p] = uint32(min(limit/w.every, math.MaxInt32>>2))
	}
	w.setDate()
}

func (w *watch) setDate() {
	date := time.Now().UTC().Format(http.TimeFormat)
	w.date.Store(&date)
}

// run looks at all connections again and again, until Shutdown and then until none is left.
func (w *watch) run(each func(func(*conn))) {
	t := time.NewTicker(w.every)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-w.done:
			return
		}
		w.setDate()
		now := w.tick.Add(1)
		each(func(c *conn) { w.look(c, now) })
	}
}

// look closes a connection whose phase has lasted too long.
func (w *watch) look(c *conn, now uint32) {
	state := c.state.Load()
	p := phase(state >> phaseBits)
	if p == phaseClosed || (now-state)&(1<<phaseBits-1) <= w.limits[p] {
		return
	}
	if c.state.CompareAndSwap(state, w.state(phaseClosed)) {
		_ = c.raw.Close()
	}
}

// state is a phase that begins now.
func (w *watch) state(p phase) uint32 { return uint32(p)<<phaseBits | w.tick.Load()&(1<<phaseBits-1) }
