package httpapi

import (
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
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
	until  time.Time // the deadline for reading; the reader's

	retired  atomic.Bool
	underWay atomic.Int64

	mu    sync.Mutex
	freed sync.Cond
	free  []*worker // the last one that was busy is the next: its memory is still at hand
	hired int
	crew  sync.WaitGroup
}

// serveOdd answers what the loop leaves to net/http.
func (s *Server) serveOdd(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || r.URL.Path != frames.Path || r.Header.Get("Upgrade") != frames.Protocol {
		s.api.ServeHTTP(w, r)
		return
	}
	if err := s.share(w, r); err != nil {
		reply := problem(err, false)
		reply.expand()
		for _, f := range reply.Header {
			w.Header().Set(f.Name, f.Value)
		}
		w.WriteHeader(reply.Status)
		_, _ = w.Write(reply.Body)
	}
}

// share turns a connection of net/http into a shared one and serves it to its end. An error means that it is net/http's still.
func (s *Server) share(w http.ResponseWriter, r *http.Request) error {
	asked := newCall(s.api, &Request{Host: r.Host})
	if origin := r.Header.Get("Origin"); origin != "" {
		asked.Header.Add("Origin", origin)
	}
	if err := s.api.guard(asked); err != nil {
		return err
	}
	c := &sharedConn{server: s, remote: r.RemoteAddr}
	c.freed.L = &c.mu
	if !s.keep(c) {
		return sessnode.Errorf(sessnode.CodeUnavailable, "", "this node is shutting down: try another node")
	}
	defer s.drop(c)
	conn, in, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return mistake("this connection cannot be shared: send one request at a time")
	}
	_ = conn.SetDeadline(time.Time{})
	early, _ := in.Reader.Peek(in.Reader.Buffered()) // of a client that did not wait for the answer
	c.serve(&replayed{Conn: conn, first: append([]byte(nil), early...)})
	return nil
}

// keep makes a shared connection known. False means that the server is closing.
func (s *Server) keep(c *sharedConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return false
	}
	s.shared[c] = struct{}{}
	s.sharing.Add(1)
	s.api.metrics.shared.Add(1)
	return true
}

func (s *Server) drop(c *sharedConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.shared, c)
	s.api.metrics.shared.Add(-1)
	s.sharing.Done()
}

func (s *Server) eachShared(f func(*sharedConn)) {
	s.mu.Lock()
	all := slices.Collect(maps.Keys(s.shared))
	s.mu.Unlock()
	for _, c := range all {
		f(c)
	}
}

// serve answers requests until the connection ends.
func (c *sharedConn) serve(conn net.Conn) {
	defer conn.Close()
	c.begin(conn)
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+frames.Protocol+"\r\n\r\n")
	in := frames.NewReader(c, frames.MaxRequest)
	for {
		number, request, err := in.Next()
		if err != nil || number == 0 {
			break
		}
		c.server.api.metrics.framed.Inc()
		w := c.worker()
		w.number, w.in = number, append(w.in[:0], request...)
		w.turn <- struct{}{}
	}
	_ = conn.Close() // who still works answers nobody
	c.out.End(net.ErrClosed)
	c.dismiss()
}

// begin is what comes before the first frame. The server may have begun to close meanwhile.
func (c *sharedConn) begin(conn net.Conn) {
	c.mu.Lock()
	c.conn, c.out = conn, frames.NewWriter(conn, c.server.config.WriteTimeout)
	c.mu.Unlock()
	if c.server.closing.Load() {
		c.retire()
	}
}

// retirement is how long a client may stay that has no request under way, after it was told to go.
const retirement = time.Second

// retire asks the client to send no more requests. What it has sent is answered.
func (c *sharedConn) retire() {
	c.mu.Lock()
	conn, out := c.conn, c.out
	c.mu.Unlock()
	if conn == nil || c.retired.Swap(true) { // it looks again when it begins
		return
	}
	_ = out.Add(0, nil)
	_ = conn.SetReadDeadline(time.Now().Add(retirement))
}

// Read waits for the next piece, as long as requests are under way and then for as long as a connection may be idle. The deadline is set
// now and then: setting it costs as much as reading.
func (c *sharedConn) Read(b []byte) (int, error) {
	for {
		c.renew()
		n, err := c.conn.Read(b)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || c.underWay.Load() == 0 {
			return n, err
		}
		c.until = time.Time{}
	}
}

func (c *sharedConn) renew() {
	now, limit := time.Now(), c.server.config.IdleTimeout
	if c.until.Sub(now) < limit*7/8 {
		c.until = now.Add(limit)
		_ = c.conn.SetReadDeadline(c.until)
	}
	if c.retired.Load() { // looked at afterwards, or the deadline that retire sets might be the one that is gone
		_ = c.conn.SetReadDeadline(now.Add(retirement))
	}
}
