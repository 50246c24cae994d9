package wire

import (
	"strconv"

	"github.com/sessnode/sessnode"
)

// Request is one request of the HTTP API.
type Request struct {
	Method    string
	Path      string         // from "/v1" on, percent-encoded, with the query
	Token     sessnode.Token // goes into the header; empty = none
	Operation string         // the Idempotency-Key; empty = none
	Body      []byte         // JSON; empty = none

	// LeastBody is how long the body of a success must be at least: an answer without what was asked for is no success.
	LeastBody int
}

// changes reports whether the request may change what is stored.
func (r *Request) changes() bool { return r.Method != "GET" }

// append writes the request behind b. fixed are the headers that all requests have.
func (r *Request) append(b []byte, fixed string) []byte {
	b = append(append(append(append(b, r.Method...), ' '), r.Path...), " HTTP/1.1\r\n"...)
	b = append(b, fixed...)
	if r.Token != "" {
		b = append(append(append(b, "Session-Token: "...), r.Token.Reveal()...), "\r\n"...)
	}
	if r.Operation != "" {
		b = append(append(append(b, "Idempotency-Key: "...), r.Operation...), "\r\n"...)
	}
	if r.changes() {
		b = append(b, "Content-Length: "...)
		b = append(strconv.AppendInt(b, int64(len(r.Body)), 10), "\r\n"...)
		if len(r.Body) > 0 {
			b = append(b, "Content-Type: application/json\r\n"...)
		}
	}
	b = append(b, "\r\n"...)
	return append(b, r.Body...)
}
