package main

import (
	"io"
	"net/http"
	"sync"

	"github.com/sessnode/sessnode/internal/view"
)

// curls prints each request as the curl command that sends the same, before it is sent. Tokens and keys are shell variables in it.
type curls struct {
	mu   sync.Mutex // guards out: requests to several nodes leave at the same time
	out  io.Writer
	next http.RoundTripper
}

// RoundTrip prints and sends a request.
func (c *curls) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	_, _ = io.WriteString(c.out, view.Curl(r)+"\n") // narration: what cannot be written is not missed
	c.mu.Unlock()
	return c.next.RoundTrip(r)
}

// CloseIdleConnections closes what is kept below.
func (c *curls) CloseIdleConnections() {
	if below, ok := c.next.(interface{ CloseIdleConnections() }); ok {
		below.CloseIdleConnections()
	}
}
