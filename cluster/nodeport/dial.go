package nodeport

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"
)

// Pinned returns the address that only the node with this id may answer at: "ID@HOST:PORT". Addresses move between hosts
// while node ids never do, and hashicorp/raft does not name the recipient in its messages: a node that answers Raft under
// another's address would be counted as that other one.
func Pinned(nodeID, addr string) string { return nodeID + "@" + addr }

// split takes a pinned address apart; nodeID is empty for a plain one.
func split(addr string) (nodeID, hostport string) {
	if at := strings.LastIndexByte(addr, '@'); at >= 0 {
		return addr[:at], addr[at+1:]
	}
	return "", addr
}

// open dials addr ("HOST:PORT" or "ID@HOST:PORT"), runs the challenge and says what the connection will carry. It ends with
// ctx or after the handshake time-out.
func (p *Port) open(ctx context.Context, addr string, carries byte) (net.Conn, *trackedConn, Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.HandshakeTimeout)
	defer cancel()
	want, hostport := split(addr)
	raw, err := p.cfg.Dial(ctx, hostport)
	if err != nil {
		return nil, nil, Identity{}, err
	}
	tracked, ok := p.track(raw)
	if !ok {
		return nil, nil, Identity{}, ErrClosed
	}
	conn, remote, err := p.approach(ctx, tracked, hostport, carries)
	if err == nil && want != "" && remote.NodeID != want {
		err = fmt.Errorf("%w: %s instead of %s at %s", ErrWrongNode, remote.NodeID, want, hostport)
	}
	if err != nil {
		if ctx.Err() != nil && p.ctx.Err() == nil {
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
		p.stats.refused.Add(1)
		_ = tracked.Close()
		return nil, nil, Identity{}, err
	}
	p.stats.dialled.Add(1)
	return conn, tracked, remote, nil
}

// approach is the dialling end of the challenge.
func (p *Port) approach(ctx context.Context, tracked *trackedConn, hostport string, carries byte) (net.Conn, Identity, error) {
	// The deadline is set by ctx ending, so that its end for any reason breaks off the challenge.
	stop := context.AfterFunc(ctx, func() { _ = tracked.SetDeadline(time.Unix(1, 0)) })
	var conn net.Conn = tracked
	if p.cfg.TLS != nil {
		conn = tls.Client(tracked, tlsFor(p.cfg.TLS, hostport))
	}
	h, err := newHandshake(p.keys(), tracked.identity, dialler)
	if err != nil {
		stop()
		return nil, Identity{}, err
	}
	remote, err := h.run(conn)
	if err == nil {
		err = p.admit(tracked, h.key)
	}
	if err == nil {
		_, err = conn.Write([]byte{carries})
	}
	if !stop() && err == nil {
		err = ctx.Err() // the deadline is being set, perhaps only now: do not hand the connection out
	}
	return conn, remote, err
}

// tlsFor fills in the name that the peer's certificate must bear.
func tlsFor(cfg *tls.Config, hostport string) *tls.Config {
	if cfg.ServerName != "" {
		return cfg
	}
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	cfg = cfg.Clone()
	cfg.ServerName = host
	return cfg
}
