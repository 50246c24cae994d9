package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode/httpapi/http1"
)

const (
	// inBytes is how much of a connection's stream is held at first, and while it is idle.
	inBytes = 4 << 10

	// headSlack is how much larger than MaxHeaderBytes the headers may be, as net/http has it.
	headSlack = 4 << 10

	// mostReads is how many reads a head may take in the loop. One that comes in more pieces goes to net/http: the loop parses from
	// the beginning each time.
	mostReads = 4

	// keptOut is how large a buffer for answers an idle connection keeps.
	keptOut = 8 << 10
)

// conn is one connection of the loop. It is served by one goroutine; others only look at its state and close it.
type conn struct {
	server *Server
	state  atomic.Uint32 // see phase
	raw    net.Conn      // as it was accepted: this is what others close, because closing TLS says good-bye, which may take long
	rwc    net.Conn      // the same, or TLS over it
	remote string

	in         []byte // read and not yet consumed: in[from:to]
	from, to   int
	out        []byte
	head       http1.Head
	call       *call     // and its Request: the same for all requests
	limitAt    time.Time // the deadline for reading, where one is set
	unread     int       // of the present request's body: still to come from rwc
	mustLinger bool
}

func newConn(s *Server, rwc net.Conn) *conn {
	c := &conn{server: s, raw: rwc, rwc: rwc, remote: rwc.RemoteAddr().String(), in: make([]byte, inBytes), call: newCall(s.api, &Request{})}
	c.state.Store(s.watch.state(phaseFresh))
	return c
}

// turn changes the phase. False means that the connection was closed meanwhile, and that nothing more may be done for it.
func (c *conn) turn(to phase) bool {
	was := c.state.Load()
	return phase(was>>phaseBits) != phaseClosed && c.state.CompareAndSwap(was, c.server.watch.state(to))
}

// retire closes a connection between two requests, for good.
func (c *conn) retire() {
	was := c.state.Load()
	if phase(was>>phaseBits) == phaseIdle && c.state.CompareAndSwap(was, c.server.watch.state(phaseClosed)) {
		_ = c.raw.Close()
	}
}

// serve answers one request after the other. Whoever reads from the connection afterwards is net/http, or nobody.
func (c *conn) serve() {
	defer c.call.alarm.stop()
	defer func() {
		if cause := recover(); cause != nil { // operations have a net of their own: this is a fault of the loop
			c.server.api.logPanic(c.call, cause)
			_ = c.rwc.Close()
		}
	}()
	if !c.shakeHands() {
		_ = c.rwc.Close()
		return
	}
	for {
		size, verdict := c.next()
		switch {
		case verdict == http1.Plain && !c.server.api.mayStream(c.head.Path):
			c.from += size
			if c.one() {
				continue
			}
			c.hangUp()
		case verdict == http1.Incomplete: // and nothing more comes
			_ = c.rwc.Close()
		default:
			c.giveAway()
		}
		return
	}
}

// shakeHands begins TLS, where it is to be spoken.
func (c *conn) shakeHands() bool {
	config := c.server.config
	if config.TLS == nil {
		return true
	}
	secure := tls.Server(c.rwc, config.TLS)
	ctx, cancel := context.WithTimeout(c.server.life, config.ReadHeaderTimeout)
	defer cancel()
	err := secure.HandshakeContext(ctx)
	var notTLS tls.RecordHeaderError
	if errors.As(err, &notTLS) && notTLS.Conn != nil && looksLikeHTTP(notTLS.RecordHeader) {
		_, _ = io.WriteString(notTLS.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
	}
	if err != nil {
		c.server.config.Log.Debug("TLS handshake failed", "remote", c.remote, "error", err)
		return false
	}
	c.rwc = secure
	return true
}

func looksLikeHTTP(b [5]byte) bool {
	switch string(b[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "PATCH", "DELET", "OPTIO":
		return true
	}
	return false
}

// next waits for a request and reads its head. Incomplete means that none comes any more. In all other cases the connection is busy.
func (c *conn) next() (size int, v http1.Verdict) {
	busy := false
	for reads := 0; ; reads++ {
		if c.from == c.to {
			c.from, c.to = 0, 0
		} else {
			if !busy && !c.turn(phaseBusy) {
				return 0, http1.Incomplete
			}
			busy = true
			if size, v = http1.Parse(c.in[c.from:c.to], &c.head); v != http1.Incomplete {
				return size, v
			}
			if reads >= mostReads || !c.room() {
				return 0, http1.Odd
			}
			c.limit(c.server.config.ReadHeaderTimeout)
		}
		n, err := c.rwc.Read(c.in[c.to:])
		c.to += n
		if err != nil && n == 0 {
			return 0, http1.Incomplete
		}
	}
}

// room makes room behind what was read. False means that there is none, because the head is too large.
func (c *conn) room() bool {
	if c.from > 0 {
		c.to = copy(c.in, c.in[c.from:c.to])
		c.from = 0
	}
	if c.to < len(c.in) {
		return true
	}
	most := c.server.config.MaxHeaderBytes + headSlack
	if len(c.in) >= most {
		return false
	}
	c.in = append(c.in, make([]byte, min(len(c.in), most-len(c.in)))...)
	return true
}

// limit sets a deadline for reading, once for each part of a request: only what does not arrive in one piece needs one.
func (c *conn) limit(d time.Duration) {
	if c.limitAt.IsZero() {
		c.limitAt = time.Now().Add(d)
		_ = c.rwc.SetReadDeadline(c.limitAt)
	}
}

func (c *conn) unlimit() {
	if !c.limitAt.IsZero() {
		c.limitAt = time.Time{}
		_ = c.rwc.SetReadDeadline(time.Time{})
	}
}

// one answers the request whose head was read, and reports whether there may be another one.
func (c *conn) one() bool {
	c.unlimit()
	r := c.call.Request
	r.take(&c.head, c.remote)
	if length := c.head.Length; length <= c.to-c.from {
		r.whole = c.in[c.from : c.from+length : c.from+length]
		c.from += length
	} else {
		c.unread = length - (c.to - c.from)
		r.Body = c
	}
	reply := c.server.api.do(c.server.life, c.call)
	last := reply.Close || c.server.closing.Load()
	c.mustLinger = c.unread > 0
	if !c.write(reply, last) || last {
		return false
	}
	c.call.forget(&c.head)
	c.unlimit()
	c.shrink()
	if !c.turn(phaseIdle) {
		return false
	}
	if c.server.closing.Load() { // it may have looked before this turn
		c.retire()
	}
	return true
}

// Read reads the body of the present request, which was not there with its head.
func (c *conn) Read(b []byte) (int, error) {
	if c.from < c.to {
		n := copy(b, c.in[c.from:c.to])
		c.from += n
		return n, nil
	}
	if c.unread == 0 {
		return 0, io.EOF
	}
	c.limit(c.server.config.ReadTimeout)
	n, err := c.rwc.Read(b[:min(len(b), c.unread)])
	c.unread -= n
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// shrink gives up what a large request needed.
func (c *conn) shrink() {
	clear(c.in[:c.from]) // nor a body
	if len(c.in) > inBytes && c.to-c.from <= inBytes {
		in := make([]byte, inBytes)
		c.to = copy(in, c.in[c.from:c.to])
		c.in, c.from = in, 0
	}
	if cap(c.out) > keptOut {
		c.out = nil
	}
}

// giveAway hands the connection to net/http, which reads from the first byte of the present request on.
func (c *conn) giveAway() {
	by := c.limitAt
	c.unlimit()
	rest := append([]byte(nil), c.in[c.from:c.to]...)
	if !c.server.handOff.give(&replayed{Conn: c.rwc, first: rest, by: by}) {
		_ = c.rwc.Close()
	}
}

// linger is how long a client that still sends may take to read why it should not.
const linger = 500 * time.Millisecond

// lingerBytes is how much of it is read and thrown away: closing with bytes unread would make the kernel throw the answer away.
const lingerBytes = 256 << 10

func (c *conn) hangUp() {
	if c.mustLinger {
		_ = closeWrite(c.rwc)
		_ = c.rwc.SetReadDeadline(time.Now().Add(linger))
		_, _ = io.CopyN(io.Discard, struct{ io.Reader }{c.rwc}, min(int64(c.unread), lingerBytes))
	}
	_ = c.rwc.Close()
}

// mayStream reports whether a path may be answered with a stream. It says so of a few too many.
func (a *API) mayStream(path string) bool {
	return strings.HasSuffix(path, "/events") || strings.HasSuffix(path, "/backup")
}
