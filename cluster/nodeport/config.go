package nodeport

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"time"
)

// Method names what a call asks for. The numbers are on the wire: never reuse one.
type Method uint8

// Handler answers calls of one method. peer is the node id that the caller proved in the challenge. ctx ends with the
// caller's deadline, when the connection breaks, and when the Port closes. body is the handler's to keep; what it returns
// must not be changed afterwards. A *sessnode.Error reaches the caller with code, reason, detail and RetryAfter; any other
// error reaches it as text with the code that sessnode.CodeOf gives it. Handlers run on goroutines of their own, many at once.
type Handler func(ctx context.Context, peer string, body []byte) ([]byte, error)

// Identity is who a node is at the moment.
type Identity struct {
	NodeID     string // at most 128 bytes; empty only in tests
	Cluster    string // the cluster's id, at most 128 bytes; empty while the node has none
	Generation uint64 // the cluster's present life; 0 while the node has none
}

// Config says how a Port behaves. Only Identity is required.
type Config struct {
	// Keys are the cluster keys at the start, see SetKeys: the first is spoken, and all are accepted. None is for insecure use on
	// loopback only: two nodes without a key accept each other.
	Keys [][]byte

	// Identity returns who this node is now. It is called for every challenge and every call, by many goroutines: keep it cheap.
	Identity func() Identity

	// Advertise is the address that peers dial, and what RaftLayer reports. Empty means the listener's own address.
	Advertise string

	// Dial opens a connection. Default: TCP with a time-out of 500 ms, so that a dead host does not hold a caller for long.
	Dial func(ctx context.Context, addr string) (net.Conn, error)

	// Logger gets refused and broken connections. Default: none.
	Logger *slog.Logger

	// MaxFrame is the most bytes that one call or answer may take on the wire. Default 8 MiB. Raft's own messages are not bound by it.
	MaxFrame int

	// MaxInFlight is how many calls may be under way on one connection. Default 4,096. A caller that would pass it waits; a
	// peer that passes it is answered unavailable, reason overload.
	MaxInFlight int

	// HandshakeTimeout bounds the challenge, up to and including the byte that says Raft or calls. Default 5 s.
	HandshakeTimeout time.Duration

	// TLS, when set, is put around every connection, both ways, before the challenge. It must hold the certificates and the
	// authorities for both roles; ServerName defaults to the dialled host.
	TLS *tls.Config
}

// Defaults of Config.
const (
	DefaultDialTimeout      = 500 * time.Millisecond
	DefaultMaxFrame         = 8 << 20
	DefaultMaxInFlight      = 4096
	DefaultHandshakeTimeout = 5 * time.Second
)

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	if c.Identity == nil {
		c.Identity = func() Identity { return Identity{} }
	}
	if c.Dial == nil {
		dialer := &net.Dialer{Timeout: DefaultDialTimeout}
		c.Dial = func(ctx context.Context, addr string) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", addr) }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MaxFrame <= 0 {
		c.MaxFrame = DefaultMaxFrame
	}
	if c.MaxInFlight <= 0 {
		c.MaxInFlight = DefaultMaxInFlight
	}
	if c.HandshakeTimeout <= 0 {
		c.HandshakeTimeout = DefaultHandshakeTimeout
	}
	return c
}
