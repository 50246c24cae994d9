package bench

import (
	"sync"

	load "github.com/sessnode/sessnode/internal/bench"
)

// pool keeps connections to one address that are given up for the next who wants one: where a connection is a process of the server,
// applications do not make one for each run either. It is safe for concurrent use.
type pool struct {
	dial func(address string) load.Conn

	mu   sync.Mutex
	free []load.Conn
}

// connect returns a connection that is free, or a new one.
func (p *pool) connect(address string) load.Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		c := p.free[n-1]
		p.free = p.free[:n-1]
		return &pooled{c, p}
	}
	return &pooled{p.dial(address), p}
}

// pooled is a connection that returns to its pool.
type pooled struct {
	load.Conn
	pool *pool
}

// Close gives the connection back. It ends with the server.
func (c *pooled) Close() error {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	c.pool.free = append(c.pool.free, c.Conn)
	return nil
}
