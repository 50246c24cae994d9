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

	// sendPlain is for how long requests to an address go the plain way after something there did not know how to share connections, and
	// askAgain after it said neither yes nor no.
	sendPlain = time.Minute
	askAgain  = 5 * time.Second

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

// line is one of them. Who holds the place in turn may look at the rest, and dial.
type line struct {
	turn    chan struct{}
	link    *frames.Link // nil until it was dialled
	failed  time.Time    // when it could not be dialled, and why
	failure error
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
	l.turn <- struct{}{} // whoever has it dials, which takes a second and a half at most
	if l.link != nil {
		l.link.Retire()
		l.link = nil
	}
	<-l.turn
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
	if len(text) > frames.MaxRequest {
		return s.plain.RoundTrip(again(r, text))
	}
	trace := httptrace.ContextClientTrace(r.Context())
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(r.URL.Host)
	}
	answer, err := s.exchange(r, h, text)
	switch {
	case errors.Is(err, frames.ErrRefused):
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
	l := &h.lines[h.next.Add(1)%uint32(len(h.lines))]
	for try := 0; ; try++ {
		link, err := s.ready(r, h, l)
		if err != nil {
			return nil, err
		}
		answer, err := link.Do(r.Context(), frames.NewCall(), text)
		if err == nil || !errors.Is(err, frames.ErrNotSent) || try > 0 {
			return answer, err
		}
	}
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

// suits reports whether a request may go over a shared connection: it is a plain one, small, and not answered by a stream.
func suits(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return false
	}
	for _, name := range []string{"Expect", "Upgrade", "Te"} {
		if r.Header[name] != nil {
			return false
		}
	}
	known := r.Body == nil || r.Body == http.NoBody || r.ContentLength > 0 // how long the body is
	return known && r.ContentLength <= frames.MaxRequest/2 &&
		!strings.HasSuffix(r.URL.Path, "/events") && !strings.HasSuffix(r.URL.Path, "/backup") && isPlainText(r.URL.RawQuery) && isPlainText(hostOf(r)) &&
		!strings.Contains(hostOf(r), "%") // the zone of an IPv6 address, which net/http takes away
}

// isPlainText reports whether a text is visible ASCII. What is wrong with all others net/http says.
func isPlainText(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' })
}

// framing are headers that say how a request is framed and whom it is for: those are written by wholeRequest.
var framing = map[string]bool{"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Trailer": true, "Connection": true}

// wholeRequest writes a request as it goes over the wire, and closes its body.
func wholeRequest(r *http.Request) (text []byte, err error) {
	var b bytes.Buffer
	b.Grow(1024 + int(r.ContentLength))
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.URL.RequestURI(), hostOf(r))
	err = r.Header.WriteSubset(&b, framing)
	if r.Method != http.MethodGet || r.ContentLength > 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", r.ContentLength)
	}
	b.WriteString("\r\n")
	if r.Body == nil {
		return b.Bytes(), err
	}
	head := b.Len()
	_, fault := io.Copy(&b, r.Body)
	err = errors.Join(err, fault, r.Body.Close())
	if err == nil && int64(b.Len()-head) != r.ContentLength {
		err = fmt.Errorf("the body has %d bytes, and not %d", b.Len()-head, r.ContentLength)
	}
	return b.Bytes(), err
}

// again returns a request whose body was read into text, ready to be sent once more.
func again(r *http.Request, text []byte) *http.Request {
	r = r.Clone(r.Context())
	if r.Body = http.NoBody; r.ContentLength > 0 {
		r.Body = io.NopCloser(bytes.NewReader(text[len(text)-int(r.ContentLength):]))
	}
	return r
}

func hostOf(r *http.Request) string {
	if r.Host != "" {
		return r.Host
	}
	return r.URL.Host
}
