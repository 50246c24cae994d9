package clustertest

import (
	"context"
	"net"
	"os"
	"sync"
	"time"

	"github.com/sessnode/sessnode/cluster"
)

// Link is one node's connection to all others. While it is cut nothing passes in either direction, and nothing is refused:
// what is sent waits, as behind a network that drops packets or on a peer that is paused. What waited passes after the heal.
type Link struct {
	mu     sync.Mutex
	healed chan struct{} // nil while whole
}

// Cut stops all traffic of the node port.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.healed == nil {
		l.healed = make(chan struct{})
	}
}

// Heal lets traffic pass again.
func (l *Link) Heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.healed != nil {
		close(l.healed)
		l.healed = nil
	}
}

// blocked returns a channel that the heal closes, or nil.
func (l *Link) blocked() chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.healed
}

// Links puts a Link at each node of a cluster. Its Wire is a change for Start. The zero value is ready.
type Links struct {
	mu     sync.Mutex
	byNode map[int]*Link
	byAddr map[string]*Link
}

// Of returns the link of node i.
func (ls *Links) Of(i int) *Link {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.byNode == nil {
		ls.byNode, ls.byAddr = map[int]*Link{}, map[string]*Link{}
	}
	if ls.byNode[i] == nil {
		ls.byNode[i] = &Link{}
	}
	return ls.byNode[i]
}

// Wire lets all that node i dials pass over the links of both ends.
func (ls *Links) Wire(i int, c *cluster.Config) {
	own := ls.Of(i)
	ls.mu.Lock()
	ls.byAddr[c.Addresses.Node] = own
	ls.mu.Unlock()
	c.Seams.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
		ls.mu.Lock()
		ends := []*Link{own, ls.byAddr[addr]}
		ls.mu.Unlock()
		ctx, cancel := context.WithTimeout(ctx, dialPatience)
		defer cancel()
		for _, l := range ends {
			if l.blocked() != nil {
				<-ctx.Done()
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
			}
		}
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		return &linked{Conn: conn, ends: ends, closed: make(chan struct{})}, nil
	}
}

// dialPatience is how long a dial into a cut network hangs.
const dialPatience = 200 * time.Millisecond

// linked is a connection over two links, at the dialling end.
type linked struct {
	net.Conn
	ends   []*Link
	once   sync.Once
	closed chan struct{}

	mu       sync.Mutex
	deadline time.Time
}

// Read returns what came, once both links are whole.
func (c *linked) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if held := c.pass(); held != nil && err == nil {
		return 0, held
	}
	return n, err
}

// Write sends once both links are whole.
func (c *linked) Write(b []byte) (int, error) {
	if err := c.pass(); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// pass waits until both links are whole, the connection is closed, or its deadline has passed.
func (c *linked) pass() error {
	for _, l := range c.ends {
		for healed := l.blocked(); healed != nil; healed = l.blocked() {
			select {
			case <-healed:
			case <-c.closed:
				return net.ErrClosed
			case <-time.After(10 * time.Millisecond): // deadlines may be moved while this waits
				c.mu.Lock()
				late := !c.deadline.IsZero() && time.Now().After(c.deadline)
				c.mu.Unlock()
				if late {
					return os.ErrDeadlineExceeded
				}
			}
		}
	}
	return nil
}

// Close ends the connection and all that waits on it.
func (c *linked) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// SetDeadline bounds reads, writes and the wait for a heal.
func (c *linked) SetDeadline(t time.Time) error {
	c.mu.Lock()
	c.deadline = t
	c.mu.Unlock()
	return c.Conn.SetDeadline(t)
}
