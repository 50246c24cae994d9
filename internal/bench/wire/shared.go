package wire

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"github.com/sessnode/sessnode/internal/frames"
)

// Shared is a connection to one node that several clients send over at once (package frames). It is dialled by the first request and again by
// the first after one that broke it. It is safe for concurrent use.
type Shared struct {
	target Target

	mu   sync.Mutex
	link *frames.Link // nil while there is none
}

// Share prepares a connection. It does not dial.
func Share(t Target) *Shared { return &Shared{target: t} }

// get returns the link. Who needs it while it is dialled waits.
func (s *Shared) get(ctx context.Context) (*frames.Link, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link != nil && s.link.Usable(idleTimeout) {
		return s.link, nil
	}
	conn, err := dial(ctx, s.target)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(dialTimeout))
	s.drop()
	s.link, err = frames.Open(conn, s.target.Address)
	return s.link, err
}

// drop gives the link up. The caller holds mu.
func (s *Shared) drop() {
	if s.link != nil {
		s.link.Retire() // others' requests may be under way over it
		s.link = nil
	}
}

// Close closes the connection. It is no error if there is none.
func (s *Shared) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
	return nil
}

func dial(ctx context.Context, t Target) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: dialTimeout}
	if t.TLS != nil {
		return (&tls.Dialer{NetDialer: dialer, Config: t.TLS}).DialContext(ctx, "tcp", t.Address)
	}
	return dialer.DialContext(ctx, "tcp", t.Address)
}
