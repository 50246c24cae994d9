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

	// openLink is how long a node may take to turn a connection into a shared one, and makeLink how long all of making it may take, dialling and
	// shaking hands included.
	openLink = time.Second
	makeLink = 3 * time.Second

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
	l.turn <- struct{}{} // whoever has it dials, which takes no longer than makeLink
	if l.link != nil {
		l.link.Retire()
		l.link = nil
	}
	<-l.turn
}

// ready returns a link that takes requests. Others that want this one wait while it is made, and learn from it where that fails.
func (s *sharing) ready(r *http.Request, h *sharedHost, l *line) (*frames.Link, error) {
	came := time.Now()
	select {
	case l.turn <- struct{}{}:
	case <-r.Context().Done():
		return nil, fmt.Errorf("%w: %w", frames.ErrNotSent, r.Context().Err())
	}
	switch {
	case l.link != nil && l.link.Usable(idleLink):
		defer func() { <-l.turn }()
		return l.link, nil
	case l.failed.After(came):
		defer func() { <-l.turn }()
		return nil, l.failure
	case time.Now().UnixNano() < h.plain.Load():
		<-l.turn
		return nil, frames.ErrRefused
	}
	made := make(chan struct{})
	var link *frames.Link
	var err error
	to := destinationOf(r)
	go func() { // ends within makeLink. It is not the request's: one that has little time leaves a connection to the next
		defer func() { <-l.turn; close(made) }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), makeLink)
		defer cancel()
		l.replace(s.make(ctx, to, h))
		link, err = l.link, l.failure
	}()
	select {
	case <-made:
		return link, err
	case <-r.Context().Done():
		return nil, fmt.Errorf("%w: %w", frames.ErrNotSent, r.Context().Err())
	}
}

// replace puts a new link in the place of the old one, or the reason why there is none. What is under way over the old one may still be answered.
func (l *line) replace(link *frames.Link, err error) {
	if l.link != nil {
		l.link.Retire()
	}
	l.link, l.failure = link, err
	if err != nil {
		l.failed = time.Now()
	}
}

// destination is where a request goes, and who sends it.
type destination struct {
	secure              bool
	name, address       string // without a port, and with one
	host, authorization string // the headers
}

func destinationOf(r *http.Request) destination {
	d := destination{
		secure: r.URL.Scheme == "https", name: r.URL.Hostname(), address: r.URL.Host, host: hostOf(r), authorization: r.Header.Get("Authorization"),
	}
	if r.URL.Port() == "" {
		d.address = net.JoinHostPort(d.name, map[bool]string{false: "80", true: "443"}[d.secure])
	}
	return d
}

// make connects to a destination. Where nobody answers the question for a shared connection, or strangely, the plain way is tried for a while:
// something between may not let it through.
func (s *sharing) make(ctx context.Context, to destination, h *sharedHost) (*frames.Link, error) {
	conn, err := s.dial(ctx, to)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", frames.ErrNotSent, err)
	}
	_ = conn.SetDeadline(time.Now().Add(openLink))
	link, err := frames.Open(conn, to.host, to.authorization)
	switch {
	case err == nil:
		return link, nil
	case errors.Is(err, frames.ErrRefused):
		h.plain.Store(time.Now().Add(sendPlain).UnixNano())
		return nil, err
	}
	h.plain.Store(time.Now().Add(askAgain).UnixNano())
	return nil, fmt.Errorf("%w: %w", frames.ErrRefused, err)
}

// dial connects as the plain transport does.
func (s *sharing) dial(ctx context.Context, to destination) (net.Conn, error) {
	if to.secure && s.plain.DialTLSContext != nil {
		return s.plain.DialTLSContext(ctx, "tcp", to.address)
	}
	dial := s.plain.DialContext
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(ctx, "tcp", to.address)
	if err != nil || !to.secure {
		return conn, err
	}
	return s.shakeHands(ctx, conn, to.name)
}

func (s *sharing) shakeHands(ctx context.Context, conn net.Conn, name string) (net.Conn, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.tls != nil {
		config = s.tls.Clone()
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
