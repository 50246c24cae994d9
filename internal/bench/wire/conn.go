package wire

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/frames"
)

// Target is a node and how it is spoken to.
type Target struct {
	Address string        // host:port
	TLS     *tls.Config   // nil = plain HTTP
	APIKey  string        // empty = none
	Timeout time.Duration // of one request
}

// dialTimeout is how long a node may take to accept a connection, as the Go client has it.
const dialTimeout = 500 * time.Millisecond

// idleTimeout is how long a connection may lie unused and still be trusted: less than the time after which a node closes it,
// because a connection that is closed under a request makes its outcome unknown.
const idleTimeout = time.Minute

// Conn is a connection to one node, or a part in a shared one. It is dialled by the first request and again by the first after one that broke it.
type Conn struct {
	target Target
	fixed  string // headers that all requests have

	shared *Shared // nil: it has a connection of its own
	call   *frames.Call
	answer bytes.Reader

	conn    net.Conn    // nil while there is none
	release func() bool // of the context that ends conn
	in      *bufio.Reader
	out     []byte
	used    time.Time
	renewed time.Time // when the deadline was set
}

// Over prepares a part in a connection that others share. Closing it leaves the connection.
func Over(s *Shared) *Conn {
	c := New(s.target)
	c.shared, c.call = s, frames.NewCall()
	return c
}

// New prepares a connection. It does not dial.
func New(t Target) *Conn {
	fixed := "Host: " + t.Address + "\r\nUser-Agent: sessnode-bench\r\nAccept: application/json\r\nSession-Timeout: " +
		strconv.FormatFloat(t.Timeout.Seconds(), 'f', -1, 64) + "\r\n"
	if t.APIKey != "" {
		fixed += "Authorization: Bearer " + t.APIKey + "\r\n"
	}
	return &Conn{target: t, fixed: fixed, in: bufio.NewReaderSize(nil, 4096)}
}

// Connect dials now what the first request would dial otherwise. It blocks as long as a dial may take. ctx is the context that
// counts for the connection (see Do).
func (c *Conn) Connect(ctx context.Context) error {
	if c.shared != nil {
		_, err := c.shared.get(ctx)
		return err
	}
	return c.ready(ctx, time.Now())
}

// Close closes the connection. It is no error if there is none.
func (c *Conn) Close() error {
	if c.conn == nil {
		return nil
	}
	c.release()
	err := c.conn.Close()
	c.conn = nil
	return err
}

// Do sends one request and returns how it ended: sessnode.OK, the code of the problem that the node answered, or where no
// node's answer came, CodeUnknown for a change that was sent and CodeUnavailable for all else. It blocks until the answer
// came, Target.Timeout has passed or ctx has ended. The context that counts is that of the request which dialled: give all
// requests the same.
func (c *Conn) Do(ctx context.Context, r *Request) sessnode.Code {
	lost := sessnode.CodeUnavailable
	if r.changes() {
		lost = sessnode.CodeUnknown
	}
	if c.shared != nil {
		return c.over(ctx, r, lost)
	}
	if err := c.ready(ctx, time.Now()); err != nil {
		return c.broken(sessnode.CodeUnavailable)
	}
	c.out = r.append(c.out[:0], c.fixed)
	if _, err := c.conn.Write(c.out); err != nil {
		return c.broken(lost)
	}
	a, err := c.read()
	if err != nil {
		return c.broken(lost)
	}
	if a.close {
		_ = c.Close()
	}
	return a.verdict(r, lost)
}

// over sends a request over the connection that others share.
func (c *Conn) over(ctx context.Context, r *Request, lost sessnode.Code) sessnode.Code {
	link, err := c.shared.get(ctx)
	if err != nil {
		return sessnode.CodeUnavailable
	}
	ctx, cancel := context.WithTimeout(ctx, c.target.Timeout)
	defer cancel()
	c.out = r.append(c.out[:0], c.fixed)
	answer, err := link.Do(ctx, c.call, c.out)
	if errors.Is(err, frames.ErrNotSent) {
		return sessnode.CodeUnavailable
	}
	if err != nil {
		return lost
	}
	c.answer.Reset(answer)
	c.in.Reset(&c.answer)
	a, err := c.read()
	if err != nil {
		return lost
	}
	return a.verdict(r, lost)
}

// verdict is how a request ended that was answered.
func (a *answer) verdict(r *Request, lost sessnode.Code) sessnode.Code {
	switch {
	case a.code != sessnode.OK:
		return a.code
	case !a.ours || a.length < r.LeastBody:
		return lost
	}
	return sessnode.OK
}

func (c *Conn) broken(code sessnode.Code) sessnode.Code {
	_ = c.Close()
	return code
}

// ready sees to it that there is a connection with a deadline. The deadline is not set for each request but when a quarter of
// the timeout has passed since: it costs more than writing the request does.
func (c *Conn) ready(ctx context.Context, now time.Time) error {
	if c.conn != nil && now.Sub(c.used) > idleTimeout {
		_ = c.Close()
	}
	if c.conn == nil {
		if err := c.dial(ctx); err != nil {
			return err
		}
	}
	c.used = now
	if now.Sub(c.renewed) < c.target.Timeout/4 {
		return nil
	}
	c.renewed = now
	return c.conn.SetDeadline(now.Add(c.target.Timeout + c.target.Timeout/4))
}

func (c *Conn) dial(ctx context.Context) error {
	conn, err := dial(ctx, c.target)
	if err != nil {
		return err
	}
	c.conn, c.renewed = conn, time.Time{}
	c.in.Reset(conn)
	c.release = context.AfterFunc(ctx, func() { _ = conn.Close() })
	return nil
}
