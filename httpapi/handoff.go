package httpapi

import (
	"net"
	"sync"
	"time"
)

// handOff is the listener through which net/http gets connections from the loop.
type handOff struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newHandOff() *handOff { return &handOff{conns: make(chan net.Conn), closed: make(chan struct{})} }

// give waits until net/http has taken the connection. False means that it takes no more.
func (h *handOff) give(c net.Conn) bool {
	select {
	case h.conns <- c:
		return true
	case <-h.closed:
		return false
	}
}

// Accept returns the next connection.
func (h *handOff) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and give.
func (h *handOff) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr is nobody's.
func (h *handOff) Addr() net.Addr { return &net.TCPAddr{} }

// replayed is a connection from whose stream something was read already, which is read first.
type replayed struct {
	net.Conn
	first []byte
	by    time.Time // when the headers of the first request must be there; zero: when net/http says
}

// SetReadDeadline is called by net/http before it reads, and first for the headers: a client has no more time for them because they were
// handed off. After that it may be called by several goroutines.
func (r *replayed) SetReadDeadline(t time.Time) error {
	if by := r.by; !by.IsZero() {
		r.by = time.Time{}
		if t.After(by) {
			t = by
		}
	}
	return r.Conn.SetReadDeadline(t)
}

// Read is called by one goroutine at a time, as net/http does.
func (r *replayed) Read(b []byte) (int, error) {
	if len(r.first) == 0 {
		return r.Conn.Read(b)
	}
	n := copy(b, r.first)
	if r.first = r.first[n:]; len(r.first) == 0 {
		r.first = nil // a long connection need not keep it
	}
	return n, nil
}

// CloseWrite tells the peer that nothing more comes, where the connection can.
func (r *replayed) CloseWrite() error { return closeWrite(r.Conn) }

func closeWrite(c net.Conn) error {
	if half, can := c.(interface{ CloseWrite() error }); can {
		return half.CloseWrite()
	}
	return nil
}
