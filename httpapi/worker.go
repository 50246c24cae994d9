package httpapi

import (
	"github.com/sessnode/sessnode/httpapi/http1"
	"github.com/sessnode/sessnode/internal/frames"
)

// keptWorkers is how many workers without work a shared connection keeps.
const keptWorkers = 64

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

// worker waits for one that is free, and hires more as long as there may be more.
func (c *sharedConn) worker() *worker {
	c.underWay.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if last := len(c.free) - 1; last >= 0 {
			w := c.free[last]
			c.free = c.free[:last]
			return w
		}
		if c.mayHire() {
			break
		}
		c.freed.Wait()
	}
	c.hired++
	w := &worker{of: c, turn: make(chan struct{}, 1), call: newCall(c.server.api, &Request{})}
	c.crew.Go(w.run) // ends with the connection, or when there are too many
	return w
}

// mayHire reports whether there may be one more worker. A connection has one in any case; all connections together have no more than there
// may be connections, because that is how many requests can be under way without sharing. The caller holds mu.
func (c *sharedConn) mayHire() bool {
	if c.hired == frames.MaxUnderWay {
		return false
	}
	if c.server.workers.Add(1) > int64(c.server.config.MaxConnections) && c.hired > 0 {
		c.server.workers.Add(-1)
		return false
	}
	return true
}

// done takes a worker back. False means that it is not needed any more.
func (c *sharedConn) done(w *worker) bool {
	c.underWay.Add(-1)
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.freed.Signal()
	if len(c.free) >= keptWorkers {
		c.hired--
		return false
	}
	c.free = append(c.free, w)
	return true
}

// dismiss waits until all requests are answered, and lets the workers go.
func (c *sharedConn) dismiss() {
	c.mu.Lock()
	for len(c.free) < c.hired {
		c.freed.Wait()
	}
	for _, w := range c.free {
		close(w.turn)
	}
	c.mu.Unlock()
	c.crew.Wait()
}

func (w *worker) run() {
	c := w.of
	defer c.server.workers.Add(-1)
	defer w.call.alarm.stop()
	for range w.turn {
		w.answer()
		if !c.done(w) {
			return
		}
	}
}

// answer answers one request. Nothing of it is kept.
func (w *worker) answer() {
	server := w.of.server
	defer func() {
		if cause := recover(); cause != nil { // operations have a net of their own, as in conn.serve
			server.api.logPanic(w.call, cause)
			_ = w.of.conn.Close()
		}
	}()
	reply := w.reply()
	w.out = appendReply(w.out[:0], reply, *server.watch.date.Load(), false)
	_ = w.of.out.Add(w.number, w.out) // else the reader ends too
	w.call.forget(&w.head)
	clear(w.in)
	if cap(w.in) > inBytes {
		w.in = nil
	}
	if cap(w.out) > keptOut {
		w.out = nil
	}
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
