//go:build unix

package nodeport

import (
	"net"
	"syscall"
)

// direct writes to a TCP connection without ever waiting. One goroutine at a time may use it.
type direct struct {
	raw     syscall.RawConn
	tracked *trackedConn
	try     func(fd uintptr) // made once: one for each write would cost an allocation
	buf     []byte           // of the last frame
	out     []byte           // what try writes
	n       int              // how much of it the network took
}

// newDirect returns nil for what is no bare TCP connection: TLS keeps state of its own, and a test's connection may be anything.
func newDirect(conn net.Conn) *direct {
	tracked, ok := conn.(*trackedConn)
	if !ok {
		return nil
	}
	tcp, ok := tracked.Conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	d := &direct{raw: raw, tracked: tracked}
	d.try = func(fd uintptr) { d.n, _ = syscall.Write(int(fd), d.out) } // Go's sockets do not block; an error will come again
	return d
}

// write returns what the network did not take: all of it, where the connection has ended.
func (d *direct) write(b []byte) (rest []byte) {
	d.out, d.n = b, 0
	_ = d.raw.Control(d.try) // heeds no deadline, and the outbox sees to it that nobody else writes
	d.out = nil
	n := max(d.n, 0)
	d.tracked.wrote(n)
	return b[n:]
}
