package client

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode/internal/frames"
)

const (
	// idleLink is how long a shared connection may lie unused and still be trusted: less than the time after which a node closes it.
	idleLink = time.Minute

	// openLink is how long a node may take to turn a connection into a shared one.
	openLink = time.Second

	// sendPlain is for how long requests to an address go the plain way after something there did not know how to share connections.
	sendPlain = time.Minute

	// mostShared is how many shared connections to a node there may be.
	mostShared = 64
)

// sharing is a transport whose requests share a few connections to each node (package frames). Those that are large, or answered by a stream, or sent
// to somebody who does not know how to share, go over connections of their own. It is safe for concurrent use.
type sharing struct {
	plain *http.Transport
	each  int // connections to a node

	mu    sync.Mutex
	hosts map[string]*sharedHost // by scheme and address
}

// sharedHost is the shared connections to one address.
type sharedHost struct {
	lines []line
	next  atomic.Uint32
	plain atomic.Int64 // until when it is asked the plain way, in ns of Unix time
}

// line is one of them. Who holds the place in turn may look at link, and dial.
type line struct {
	turn chan struct{}
	link *frames.Link // nil until it was dialled
}

// SharedTransport returns a transport as WithSharedConnections uses it, over a transport that says how to dial and serves what cannot be
// shared. each is 1 to 64. It tells traces (net/http/httptrace) of GetConn, GotConn, WroteHeaders and WroteRequest alone.
func SharedTransport(plain *http.Transport, each int) http.RoundTripper {
	return newSharing(plain, min(max(each, 1), mostShared))
}

func newSharing(plain *http.Transport, each int) *sharing {
	return &sharing{plain: plain, each: each, hosts: map[string]*sharedHost{}}
}

// host returns the shared connections to where a request goes.
func (s *sharing) host(r *http.Request) *sharedHost {
	name := r.URL.Scheme + "://" + r.URL.Host
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[name]
	if h == nil {
		h = &sharedHost{lines: make([]line, s.each)}
		for i := range h.lines {
			h.lines[i].turn = make(chan struct{}, 1)
		}
		s.hosts[name] = h
	}
	return h
}

// CloseIdleConnections closes the shared connections as soon as no request is under way over them. Later requests dial anew.
func (s *sharing) CloseIdleConnections() {
	s.plain.CloseIdleConnections()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hosts {
		for i := range h.lines {
			h.lines[i].retire()
		}
	}
}

func (l *line) retire() {
	select {
	case l.turn <- struct{}{}:
		if l.link != nil {
			l.link.Retire()
		}
		<-l.turn
	default: // somebody dials, who will use it
	}
}

// RoundTrip sends one request.
func (s *sharing) RoundTrip(r *http.Request) (*http.Response, error) {
	if !suits(r) || s.plain.Proxy != nil {
		return s.plain.RoundTrip(r)
	}
	h := s.host(r)
	if time.Now().UnixNano() < h.plain.Load() {
		return s.plain.RoundTrip(r)
	}
	text, err := wholeRequest(r)
	if err != nil {
		return nil, err
	}
	trace := httptrace.ContextClientTrace(r.Context())
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(r.URL.Host)
	}
	answer, err := s.exchange(r, h, text)
	switch {
	case errors.Is(err, frames.ErrRefused):
		h.plain.Store(time.Now().Add(sendPlain).UnixNano())
		return s.plain.RoundTrip(again(r, text))
	case err == nil || !errors.Is(err, frames.ErrNotSent):
		mayHaveLeft(trace) // only now it is known that something may have been
	}
	if err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(bytes.NewReader(answer)), r)
}

// mayHaveLeft tells a trace that a request may have left.
func mayHaveLeft(t *httptrace.ClientTrace) {
	if t == nil {
		return
	}
	if t.GotConn != nil {
		t.GotConn(httptrace.GotConnInfo{Reused: true})
	}
	if t.WroteHeaders != nil {
		t.WroteHeaders()
	}
	if t.WroteRequest != nil {
		t.WroteRequest(httptrace.WroteRequestInfo{})
	}
}

// exchange sends a request over one of the shared connections. One that ended while it lay unused is dialled anew.
func (s *sharing) exchange(r *http.Request, h *sharedHost, text []byte) (answer []byte, err error) {
	l := &h.lines[int(h.next.Add(1))%len(h.lines)]
	for try := 0; ; try++ {
		link, err := s.ready(r, l)
		if err != nil {
			return nil, err
		}
		answer, err := link.Do(r.Context(), frames.NewCall(), text)
		if err == nil || !errors.Is(err, frames.ErrNotSent) || try > 0 {
			return answer, err
		}
	}
}

// ready returns a link that takes requests. Others that want this one wait while it is dialled.
func (s *sharing) ready(r *http.Request, l *line) (*frames.Link, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-r.Context().Done():
		return nil, fmt.Errorf("%w: %w", frames.ErrNotSent, r.Context().Err())
	}
	if l.link != nil && l.link.Usable(idleLink) {
		return l.link, nil
	}
	conn, err := s.dial(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", frames.ErrNotSent, err)
	}
	if l.link != nil {
		_ = l.link.Close()
	}
	_ = conn.SetDeadline(time.Now().Add(openLink))
	l.link, err = frames.Open(conn, hostOf(r))
	if err != nil && !errors.Is(err, frames.ErrRefused) {
		err = fmt.Errorf("%w: %w", frames.ErrNotSent, err)
	}
	return l.link, err
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

// suits reports whether a request may go over a shared connection: it is small, and not answered by a stream.
func suits(r *http.Request) bool {
	if r.ContentLength < 0 || r.ContentLength > frames.MaxRequest/2 {
		return false
	}
	return !strings.HasSuffix(r.URL.Path, "/events") && !strings.HasSuffix(r.URL.Path, "/backup")
}

// wholeRequest writes a request as it goes over the wire, and closes its body.
func wholeRequest(r *http.Request) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(1024 + int(r.ContentLength))
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.URL.RequestURI(), hostOf(r))
	if err := r.Header.Write(&b); err != nil {
		return nil, err
	}
	if r.Method != http.MethodGet || r.ContentLength > 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", r.ContentLength)
	}
	b.WriteString("\r\n")
	if r.Body == nil {
		return b.Bytes(), nil
	}
	head := b.Len()
	_, err := io.Copy(&b, r.Body)
	err = errors.Join(err, r.Body.Close())
	if err == nil && int64(b.Len()-head) != r.ContentLength {
		err = fmt.Errorf("the body has %d bytes, and not %d", b.Len()-head, r.ContentLength)
	}
	return b.Bytes(), err
}

// again returns a request whose body was read into text, ready to be sent once more.
func again(r *http.Request, text []byte) *http.Request {
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(text[len(text)-int(r.ContentLength):]))
	return r
}

func hostOf(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}
