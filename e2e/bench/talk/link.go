package talk

import (
	"bufio"
	"context"
	"errors"
	"net"
	"time"
)

// ErrProtocol is wrapped when a server says what the protocol does not have, or what a benchmark has no use for.
var ErrProtocol = errors.New("talk: not understood")

// dialTimeout is how long a server may take to accept a connection.
const dialTimeout = 500 * time.Millisecond

// link is a connection that is dialled by the first use and again by the first after one that broke it.
type link struct {
	address string
	timeout time.Duration // of one request
	greet   func() error  // what is said first on a new connection; nil: nothing

	conn    net.Conn // nil while there is none
	release func() bool
	in      *bufio.Reader
	out     []byte
	renewed time.Time // when the deadline was set
}

func newLink(address string, timeout time.Duration) link {
	return link{address: address, timeout: timeout, in: bufio.NewReaderSize(nil, 4096)}
}

// ready sees to it that there is a connection with a deadline. The context that counts is that of the call which dialled. The
// deadline is not set for each request but when a quarter of the timeout has passed since: it costs more than writing does.
func (l *link) ready(ctx context.Context) error {
	now := time.Now()
	if l.conn == nil {
		conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", l.address)
		if err != nil {
			return err
		}
		l.conn, l.renewed = conn, time.Time{}
		l.in.Reset(conn)
		l.release = context.AfterFunc(ctx, func() { _ = conn.Close() })
		if err := l.renew(now); err != nil {
			return err
		}
		if l.greet != nil {
			if err := l.greet(); err != nil {
				_ = l.Close()
				return err
			}
		}
	}
	return l.renew(now)
}

func (l *link) renew(now time.Time) error {
	if now.Sub(l.renewed) < l.timeout/4 {
		return nil
	}
	l.renewed = now
	return l.conn.SetDeadline(now.Add(l.timeout + l.timeout/4))
}

// send writes what is in out.
func (l *link) send() error {
	_, err := l.conn.Write(l.out)
	l.out = l.out[:0]
	return err
}

// Close closes the connection. It is no error if there is none.
func (l *link) Close() error {
	l.out = l.out[:0]
	if l.conn == nil {
		return nil
	}
	l.release()
	err := l.conn.Close()
	l.conn = nil
	return err
}
