package nodeport

import (
	"context"
	"errors"
	"sync"
	"time"
)

// peer is one address that calls go to. It has at most one connection and one dial under way, which all callers share.
type peer struct {
	port *Port
	addr string

	mu       sync.Mutex
	link     *link
	dialling *dialling
	failedAt time.Time // of the last failed dial
	failure  error
}

// errStale ends links whose challenge no longer holds.
var errStale = errors.New("the node has joined a cluster since the connection was made")

// dialling is a dial under way; link and err are set before done is closed.
type dialling struct {
	done chan struct{}
	link *link
	err  error
}

// peer returns the entry of an address, making it where needed.
func (p *Port) peer(addr string) *peer {
	p.peersMu.Lock()
	defer p.peersMu.Unlock()
	if found, ok := p.peers[addr]; ok {
		return found
	}
	for old, candidate := range p.peers {
		if candidate.forgettable() {
			delete(p.peers, old) // addresses come and go with pods; nothing else would ever remove them
		}
	}
	made := &peer{port: p, addr: addr}
	p.peers[addr] = made
	return made
}

func (p *peer) forgettable() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.link == nil && p.dialling == nil && !p.failedAt.IsZero() && time.Since(p.failedAt) > time.Minute
}

// acquire returns the peer's connection, dialling where there is none. A dial serves everybody who waits for it and does not
// end with any one of them.
func (p *peer) acquire(ctx context.Context) (*link, error) {
	now := p.port.cfg.Identity()
	p.mu.Lock()
	if l := p.link; l != nil && !l.ended() {
		if l.tracked.identity == now {
			p.mu.Unlock()
			return l, nil
		}
		// Made before the node came to belong to a cluster: the peer may be a stranger by now.
		p.link = nil
		defer l.fail(errStale)
	}
	if p.failure != nil && time.Since(p.failedAt) < refuseFor {
		defer p.mu.Unlock()
		return nil, p.failure
	}
	d := p.dialling
	if d == nil {
		d = &dialling{done: make(chan struct{})}
		if !p.port.spawn(func() { p.dial(d) }) {
			p.mu.Unlock()
			return nil, ErrClosed
		}
		p.dialling = d
	}
	p.mu.Unlock()
	select {
	case <-d.done:
		return d.link, d.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// present returns the peer's connection where there is one that holds, and nil otherwise.
func (p *peer) present() *link {
	now := p.port.cfg.Identity()
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.link; l != nil && !l.ended() && l.tracked.identity == now {
		return l
	}
	return nil
}

// dial opens the connection, and is its owner until it ends.
func (p *peer) dial(d *dialling) {
	conn, tracked, remote, err := p.port.open(p.port.ctx, p.addr, carriesCalls)
	if err == nil {
		d.link = newLink(p.port, conn, tracked, p.addr, remote.NodeID)
	} else if p.port.ctx.Err() != nil {
		err = ErrClosed
	}
	d.err = err
	p.mu.Lock()
	p.link, p.dialling, p.failure = d.link, nil, err
	if err != nil {
		p.failedAt = time.Now()
	}
	p.mu.Unlock()
	close(d.done)
	if err != nil {
		return
	}
	cause := d.link.run()
	p.mu.Lock()
	if p.link == d.link {
		p.link, p.failedAt = nil, time.Now()
	}
	p.mu.Unlock()
	if p.port.ctx.Err() == nil {
		p.port.cfg.Logger.Debug("connection to a node ended", "addr", p.addr, "peer", remote.NodeID, "err", cause)
	}
}
