package httpapi

import (
	"slices"
	"time"

	"github.com/sessnode/sessnode/httpapi/http1"
	"github.com/sessnode/sessnode/internal/frames"
)

const (
	// keptWorkers is how many workers without work a shared connection keeps, and fewWorkers how many one that has been idle for a while.
	keptWorkers = 64
	fewWorkers  = 2
)

// worker answers requests of a shared connection, one after the other.
type worker struct {
	of     *sharedConn
	turn   chan struct{} // one message for each request; closed to let it go
	number uint32        // of the frame
	in     []byte        // the request
	out    []byte
	head   http1.Head
	call   *call
}

// worker waits until one more request may be worked on, and returns who does.
func (c *sharedConn) worker() *worker {
	c.mu.Lock()
	defer c.mu.Unlock()
	if waits := !c.mayBegin(); !waits {
		c.behind = time.Time{}
	} else {
		if c.behind.IsZero() {
			c.behind = time.Now()
		}
		for waits {
			c.freed.Wait()
			waits = !c.mayBegin()
		}
	}
	c.atWork++
	if last := len(c.free) - 1; last >= 0 {
		w := c.free[last]
		c.free = c.free[:last]
		return w
	}
	c.hired++
	c.server.hired.Add(1)
	w := &worker{of: c, turn: make(chan struct{}, 1), call: newCall(c.server.api, &Request{})}
	c.crew.Go(w.run) // ends with the connection, or when there are too many
	return w
}

// mayBegin reports whether one more request may be worked on, and counts it. A connection has one in any case; all connections together have no
// more than there may be connections, because that is how many requests can be under way without sharing. The caller holds mu.
func (c *sharedConn) mayBegin() bool {
	if c.atWork == frames.MaxUnderWay {
		return false
	}
	if c.server.atWork.Add(1) > int64(c.server.config.MaxConnections) && c.atWork > 0 {
		c.server.atWork.Add(-1)
		return false
	}
	return true
}

func (c *sharedConn) isBusy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.atWork > 0
}

// done takes a worker back. False means that it is not needed any more: it is not fit, the connection keeps enough, or all connections together
// keep too many.
func (c *sharedConn) done(w *worker, fit bool) bool {
	c.server.atWork.Add(-1)
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.freed.Signal() // the reader, or dismiss: there is no other that waits
	c.atWork--
	if !fit || len(c.free) >= keptWorkers || c.server.hired.Load() > int64(c.server.config.MaxConnections) {
		c.hired--
		return false
	}
	c.free = append(c.free, w)
	return true
}

// trim lets workers without work go, but for a few.
func (c *sharedConn) trim() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.free) > fewWorkers {
		close(c.free[0].turn)
		c.free = slices.Delete(c.free, 0, 1)
		c.hired--
	}
}

// dismiss waits until all requests are answered, and lets the workers go.
func (c *sharedConn) dismiss() {
	c.mu.Lock()
	for c.atWork > 0 {
		c.freed.Wait()
	}
	for _, w := range c.free {
		close(w.turn)
	}
	c.mu.Unlock()
	c.crew.Wait()
}

func (w *worker) run() {
	defer w.of.server.hired.Add(-1)
	defer w.call.alarm.stop()
	for range w.turn {
		if fit := w.answer(); !w.of.done(w, fit) {
			return
		}
	}
}

// answer answers one request. Nothing of it is kept. False means that the worker is of no use any more.
func (w *worker) answer() (fit bool) {
	server := w.of.server
	defer func() {
		if cause := recover(); cause != nil { // operations have a net of their own, as in conn.serve
			server.api.logPanic(w.call, cause)
			w.of.cut()
			fit = false
		}
	}()
	w.out = appendReply(w.out[:0], w.reply(), *server.watch.date.Load(), false)
	w.call.forget(&w.head)
	clear(w.in)
	if cap(w.in) > inBytes {
		w.in = nil
	}
	_ = w.of.out.Add(w.number, w.out) // else the reader ends too
	clear(w.out)
	if cap(w.out) > keptOut {
		w.out = nil
	}
	return true
}

func (w *worker) reply() (reply *Reply) {
	server := w.of.server
	size, verdict := http1.Parse(w.in, &w.head)
	switch {
	case verdict != http1.Plain || len(w.in)-size != w.head.Length:
		return w.refuse("a frame holds one plain request, whole: send all others over a connection of their own")
	case server.api.mayStream(w.head.Path):
		return w.refuse("a stream needs a connection of its own")
	}
	r := w.call.Request
	r.take(&w.head, w.of.remote)
	r.whole = w.in[size:len(w.in):len(w.in)]
	return server.api.do(server.life, w.call)
}

func (w *worker) refuse(why string) *Reply {
	reply := problem(mistake("%s", why), false)
	reply.at = w.of.server.api.config.Store.Position()
	return reply
}
