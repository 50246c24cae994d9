package httpapi

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/frames"
)

// sharedConn is a connection that carries many requests at once: see package frames. One goroutine reads it, and each request under way has a
// worker.
type sharedConn struct {
	server *Server
	conn   net.Conn
	remote string
	out    *frames.Writer

	// Of the reader:
	in     *frames.Reader
	until  time.Time // the deadline for reading
	heard  time.Time // when something last came
	behind time.Time // since when every request has had to wait for its worker; zero: the last had not
	frames uint64    // so far
	half   uint64    // how many there were when a part of the next one came first,
	halfAt time.Time // and when that was

	retired atomic.Bool

	mu     sync.Mutex
	freed  sync.Cond
	free   []*worker // the last one that was busy is the next: its memory is still at hand
	hired  int
	atWork int
	crew   sync.WaitGroup
}

// cut ends the connection at once.
func (c *sharedConn) cut() {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	if conn != nil { // else it looks when it begins
		_ = conn.Close()
	}
}

// serve answers requests until the connection ends.
func (c *sharedConn) serve(conn net.Conn) {
	defer conn.Close()
	limit := c.server.config.WriteTimeout
	_ = conn.SetWriteDeadline(time.Now().Add(limit))
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+frames.Protocol+"\r\n\r\n")
	c.mu.Lock()
	c.conn, c.out = conn, frames.NewWriter(conn, limit)
	c.mu.Unlock()
	c.heard, c.in = time.Now(), frames.NewReader(c, frames.MaxRequest)
	if c.server.closing.Load() { // it looked before there was a connection
		c.retire()
	}
	if c.server.life.Err() != nil {
		return
	}
	number, err := c.read()
	if errors.Is(err, frames.ErrTooLarge) {
		c.refuse(number, sessnode.Errorf(sessnode.CodeTooLarge, "", "a request over a shared connection has at most %d bytes with its head", frames.MaxRequest))
		_ = c.out.Add(0, nil)
	}
	c.dismiss() // a place among the open connections is held as long as somebody works
	c.out.Drain()
	c.out.End(net.ErrClosed)
	if errors.Is(err, frames.ErrTooLarge) { // as conn.hangUp does: closing with bytes unread would make the kernel throw the answers away
		_ = closeWrite(conn)
		_ = conn.SetReadDeadline(time.Now().Add(linger))
		_, _ = io.CopyN(io.Discard, struct{ io.Reader }{conn}, lingerBytes)
	}
}

// mostBehind is how long a request may lie unread before nothing more is carried out. A client has no more requests unanswered than are worked on at a
// time, so none lies long; one that does not keep to that could have a change made after its operation id was forgotten.
const mostBehind = time.Minute

var errBehind = errors.New("the requests of this connection are behind")

// read hands requests to workers, and returns why no more come, and where.
func (c *sharedConn) read() (number uint32, err error) {
	for {
		number, request, err := c.in.Next()
		if err != nil || number == 0 {
			return number, err
		}
		c.frames++
		w := c.worker()
		if !c.behind.IsZero() && time.Since(c.behind) > mostBehind { // now, when its turn has come
			if !c.done(w, true) {
				close(w.turn)
			}
			return number, errBehind
		}
		c.server.api.metrics.framed.Inc()
		w.number, w.in = number, append(w.in[:0], request...)
		w.turn <- struct{}{}
	}
}

// refuse answers a request that no worker sees.
func (c *sharedConn) refuse(number uint32, err error) {
	reply := problem(err, false)
	reply.at = c.server.api.config.Store.Position()
	_ = c.out.Add(number, appendReply(nil, reply, *c.server.watch.date.Load(), false))
}

const (
	// retirement is how long a client may stay that has no request under way, after it was told to go.
	retirement = time.Second

	// idleLook is how often a connection over which nothing comes is looked at. One that is idle keeps no memory for many requests.
	idleLook = 10 * time.Second
)

// retire asks the client to send no more requests. What it has sent is answered. It waits for nobody.
func (c *sharedConn) retire() {
	c.mu.Lock()
	conn, out := c.conn, c.out
	c.mu.Unlock()
	if conn == nil || c.retired.Swap(true) { // it looks again when it begins
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(retirement))
	go func() { _ = out.Add(0, nil) }() // ends with the connection, or when a client that does not read has had its time
}

// Read waits for the next piece, as long as requests are under way and then for as long as a connection may be idle. The deadline is set
// now and then: setting it costs as much as reading.
func (c *sharedConn) Read(b []byte) (int, error) {
	for {
		if now := c.renew(); c.isSlow(now) {
			return 0, os.ErrDeadlineExceeded
		}
		n, err := c.conn.Read(b)
		if n > 0 {
			c.heard = time.Now()
		}
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		c.until = time.Time{}
		switch {
		case c.isBusy():
			c.heard = time.Now()
		case c.retired.Load() || time.Since(c.heard) >= c.server.config.IdleTimeout:
			return 0, err
		default:
			c.trim()
		}
	}
}

// isSlow reports whether a frame takes longer to come than a request may.
func (c *sharedConn) isSlow(now time.Time) bool {
	if !c.in.Half() {
		c.halfAt = time.Time{}
		return false
	}
	if c.halfAt.IsZero() || c.half != c.frames {
		c.half, c.halfAt = c.frames, now
	}
	return now.Sub(c.halfAt) > c.server.config.ReadTimeout
}

// renew sets the deadline for reading where it is time, and returns that.
func (c *sharedConn) renew() (now time.Time) {
	now = time.Now()
	look := min(idleLook, c.server.config.IdleTimeout)
	if c.until.Sub(now) < look/2 {
		c.until = now.Add(look)
		_ = c.conn.SetReadDeadline(c.until)
	}
	if c.retired.Load() { // looked at afterwards, or the deadline that retire sets might be the one that is gone
		_ = c.conn.SetReadDeadline(now.Add(retirement))
	}
	return now
}
