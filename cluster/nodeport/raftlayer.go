package nodeport

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// raftLayer is the part of the port that hashicorp/raft gets. It is a listener of its own on top of the Port.
type raftLayer struct {
	port     *Port
	incoming chan net.Conn
	done     chan struct{}

	mu     sync.Mutex
	closed bool
	conns  map[*raftConn]struct{}
}

var _ raft.StreamLayer = (*raftLayer)(nil)

func newRaftLayer(p *Port) *raftLayer {
	return &raftLayer{
		port: p, incoming: make(chan net.Conn), done: make(chan struct{}),
		conns: make(map[*raftConn]struct{}),
	}
}

// Accept waits for the next connection of a peer's Raft. After Close it returns ErrClosed.
func (l *raftLayer) Accept() (net.Conn, error) {
	select {
	case conn := <-l.incoming:
		return conn, nil
	case <-l.done:
		return nil, ErrClosed
	}
}

// offer hands a connection to Accept. Where nobody accepts within the handshake time-out, it is closed.
func (l *raftLayer) offer(conn net.Conn) {
	wrapped, err := l.track(conn)
	if err != nil {
		return
	}
	timer := time.NewTimer(l.port.cfg.HandshakeTimeout)
	defer timer.Stop()
	select {
	case l.incoming <- wrapped:
	case <-timer.C:
		_ = wrapped.Close()
	case <-l.done:
		_ = wrapped.Close()
	}
}

// Dial opens a connection for Raft, challenge included. The address may be pinned to a node id (see Pinned).
func (l *raftLayer) Dial(addr raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx := l.port.ctx
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	conn, tracked, _, err := l.port.open(ctx, string(addr), carriesRaft)
	if err != nil {
		return nil, err
	}
	tracked.raft.Store(true)
	return l.track(conn)
}

// Close ends Accept and closes all of Raft's connections. hashicorp/raft closes none of those that it accepted, and its
// goroutines would wait on them for ever.
func (l *raftLayer) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	close(l.done)
	all := l.conns
	l.conns = nil
	l.mu.Unlock()
	for conn := range all {
		_ = conn.Conn.Close()
	}
	return nil
}

// Addr returns the address that peers dial.
func (l *raftLayer) Addr() net.Addr {
	if l.port.cfg.Advertise != "" {
		return advertised(l.port.cfg.Advertise)
	}
	return l.port.ln.Addr()
}

type advertised string

func (advertised) Network() string  { return "tcp" }
func (a advertised) String() string { return string(a) }

// raftConn is a connection that the layer closes when Raft forgets to.
type raftConn struct {
	net.Conn
	layer *raftLayer
}

func (l *raftLayer) track(conn net.Conn) (*raftConn, error) {
	wrapped := &raftConn{Conn: conn, layer: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = conn.Close()
		return nil, ErrClosed
	}
	l.conns[wrapped] = struct{}{}
	return wrapped, nil
}

// Close closes the connection and makes the layer forget it.
func (c *raftConn) Close() error {
	c.layer.mu.Lock()
	delete(c.layer.conns, c) // of a nil map after the layer's Close: fine
	c.layer.mu.Unlock()
	return c.Conn.Close()
}
