package nodeport

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// Probe opens a connection as a node with this configuration would, runs the challenge and closes it again: it returns who answers at
// addr, or why a node would be refused. Only Keys, Identity, Dial and TLS count. An identity without a node id is nobody's, so a
// probe may be made beside the node itself. It ends with ctx.
func Probe(ctx context.Context, addr string, cfg Config) (Identity, error) {
	cfg = cfg.withDefaults()
	conn, err := cfg.Dial(ctx, addr)
	if err != nil {
		return Identity{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	over := net.Conn(conn)
	if cfg.TLS != nil {
		secure := tls.Client(conn, tlsFor(cfg.TLS, addr))
		if err := secure.HandshakeContext(ctx); err != nil {
			return Identity{}, err
		}
		over = secure
	}
	h, err := newHandshake(newRing(cfg.Keys), cfg.Identity(), dialler)
	if err != nil {
		return Identity{}, err
	}
	return h.run(over)
}
