package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/sessnode/sessnode/internal/frames"
)

const (
	// idleLink is how long a shared connection may lie unused and still be trusted: less than the time after which a node closes it.
	idleLink = time.Minute

	// openLink is how long a node may take to turn a connection into a shared one.
	openLink = time.Second

	// sendPlain is for how long requests to an address go the plain way after something there did not know how to share connections, and
	// askAgain after it said neither yes nor no.
	sendPlain = time.Minute
	askAgain  = 5 * time.Second
)

// line is one of the shared connections to an address. Who holds the place in turn may look at the rest, and dial.
type line struct {
	turn    chan struct{}
	link    *frames.Link // nil until it was dialled
	failed  time.Time    // when it could not be dialled, and why
	failure error
}

// retire lets the connection end when nothing is under way over it.
func (l *line) retire() {
	l.turn <- struct{}{} // whoever has it dials, which takes a second and a half at most
	if l.link != nil {
		l.link.Retire()
		l.link = nil
	}
	<-l.turn
}

// ready returns a link that takes requests. Others that want this one wait while it is dialled, and learn from it where that fails.
func (s *sharing) ready(r *http.Request, h *sharedHost, l *line) (*frames.Link, error) {
	came := time.Now()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-r.Context().Done():
		return nil, fmt.Errorf("%w: %w", frames.ErrNotSent, r.Context().Err())
	}
	switch {
	case l.link != nil && l.link.Usable(idleLink):
		return l.link, nil
	case l.failed.After(came):
		return nil, l.failure
	case time.Now().UnixNano() < h.plain.Load():
		return nil, frames.ErrRefused
	}
	if l.link != nil {
		l.link.Retire() // what is under way over it may still be answered
		l.link = nil
	}
	conn, err := s.dial(r)
	if err != nil {
		err = fmt.Errorf("%w: %w", frames.ErrNotSent, err)
		if r.Context().Err() == nil { // else it says nothing about the node
			l.failed, l.failure = time.Now(), err
		}
		return nil, err
	}
	l.link, err = s.open(r, h, conn)
	return l.link, err
}

// open asks for a shared connection. Where there is no answer, or a strange one, the plain way is tried for a while: something between may not let it through.
func (s *sharing) open(r *http.Request, h *sharedHost, conn net.Conn) (*frames.Link, error) {
	_ = conn.SetDeadline(time.Now().Add(openLink))
	stop := context.AfterFunc(r.Context(), func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	link, err := frames.Open(conn, hostOf(r))
	if !stop() && err == nil { // the deadline may be set by now
		link.Retire()
		err = r.Context().Err()
	}
	switch {
	case err == nil:
		return link, nil
	case r.Context().Err() != nil:
		return nil, fmt.Errorf("%w: %w", frames.ErrNotSent, r.Context().Err())
	case errors.Is(err, frames.ErrRefused):
		h.plain.Store(time.Now().Add(sendPlain).UnixNano())
		return nil, err
	}
	h.plain.Store(time.Now().Add(askAgain).UnixNano())
	return nil, fmt.Errorf("%w: %w", frames.ErrRefused, err)
}

// dial connects as the plain transport does.
func (s *sharing) dial(r *http.Request) (net.Conn, error) {
	address := r.URL.Host
	if r.URL.Port() == "" {
		address = net.JoinHostPort(r.URL.Hostname(), map[string]string{"http": "80", "https": "443"}[r.URL.Scheme])
	}
	secure := r.URL.Scheme == "https"
	if secure && s.plain.DialTLSContext != nil {
		return s.plain.DialTLSContext(r.Context(), "tcp", address)
	}
	dial := s.plain.DialContext
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(r.Context(), "tcp", address)
	if err != nil || !secure {
		return conn, err
	}
	return s.shakeHands(r.Context(), conn, r.URL.Hostname())
}

func (s *sharing) shakeHands(ctx context.Context, conn net.Conn, name string) (net.Conn, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.plain.TLSClientConfig != nil {
		config = s.plain.TLSClientConfig.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = name
	}
	config.NextProtos = nil // HTTP/1.1
	if s.plain.TLSHandshakeTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.plain.TLSHandshakeTimeout)
		defer cancel()
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}
