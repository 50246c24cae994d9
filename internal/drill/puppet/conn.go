package puppet

import (
	"bufio"
	"net"
)

// routed is a connection through the switch that shows the address of the node behind it.
type routed struct {
	net.Conn
	in *bufio.Reader // may hold bytes that came right behind the switch's answer
	to address
}

// Read reads what the other node sent.
func (r *routed) Read(b []byte) (int, error) { return r.in.Read(b) }

// RemoteAddr returns the node's address.
func (r *routed) RemoteAddr() net.Addr { return r.to }

// address is a node's host:port.
type address string

// Network returns "tcp".
func (address) Network() string { return "tcp" }

// String returns host:port.
func (a address) String() string { return string(a) }
