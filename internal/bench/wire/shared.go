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

	mu      sync.Mutex
	link    *frames.Link // nil while there is none
	failed  time.Time    // when it could not be dialled, and why
	failure error
}

// Share prepares a connection. It does not dial.
func Share(t Target) *Shared { return &Shared{target: t} }

// get returns the link. Who needs it while it is dialled waits, and learns from that where it fails.
func (s *Shared) get(ctx context.Context) (*frames.Link, error) {
	came := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.link != nil && s.link.Usable(idleTimeout):
		return s.link, nil
	case s.failed.After(came):
		return nil, s.failure
	}
	s.drop()
	link, err := s.open(ctx)
	if err != nil {
		s.failed, s.failure = time.Now(), err
		return nil, err
	}
	s.link = link
	return link, nil
}

func (s *Shared) open(ctx context.Context) (*frames.Link, error) {
	conn, err := dial(ctx, s.target)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(dialTimeout))
	authorization := ""
	if s.target.APIKey != "" {
		authorization = "Bearer " + s.target.APIKey
	}
	return frames.Open(conn, s.target.Address, authorization)
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
