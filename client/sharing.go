package client

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"maps"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode/internal/frames"
)

// mostShared is how many shared connections to a node there may be.
const mostShared = 64

// sharing is a transport whose requests share a few connections to each node (package frames). Those that are large, or answered by a stream, or sent
// to somebody who does not know how to share, go over connections of their own. It is safe for concurrent use.
type sharing struct {
	plain *http.Transport
	tls   *tls.Config // of plain; nil: the defaults
	each  int         // connections to a node; 0: plain has ways of its own, which all requests go

	mu    sync.Mutex
	hosts map[string]*sharedHost // by scheme and address
}

// sharedHost is the shared connections to one address.
type sharedHost struct {
	lines []line
	next  atomic.Uint32
	plain atomic.Int64 // until when it is asked the plain way, in ns of Unix time
}

// SharedTransport returns a transport as WithSharedConnections uses it, over a transport that says how to dial and serves what cannot be
// shared. each is 1 to 64. It tells traces (net/http/httptrace) of GetConn, GotConn, WroteHeaders and WroteRequest alone.
func SharedTransport(plain *http.Transport, each int) http.RoundTripper {
	return newSharing(plain, min(max(each, 1), mostShared))
}

func newSharing(plain *http.Transport, each int) *sharing {
	s := &sharing{plain: plain, each: each, hosts: map[string]*sharedHost{}}
	if plain.TLSClientConfig != nil {
		s.tls = plain.TLSClientConfig.Clone() // now: its owner sets it up when it is used first
	}
	if plain.Proxy != nil || plain.Dial != nil || plain.DialTLS != nil { // who pins a certificate there relies on it
		s.each = 0
	}
	return s
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
	all := slices.Collect(maps.Values(s.hosts))
	s.mu.Unlock()
	for _, h := range all { // not under mu: a line may be dialled, and requests to other nodes do not wait for that
		for i := range h.lines {
			h.lines[i].retire()
		}
	}
}

// RoundTrip sends one request.
func (s *sharing) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.each == 0 || !suits(r) {
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
	case errors.Is(err, frames.ErrRefused) || errors.Is(err, frames.ErrFull):
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
		if err == nil || !errors.Is(err, frames.ErrNotSent) || errors.Is(err, frames.ErrFull) || try > 0 {
			return answer, err
		}
	}
}
