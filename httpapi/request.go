package httpapi

import (
	"context"
	"io"
)

// Request is one HTTP request, whichever server read it.
type Request struct {
	Method string
	Path   string // as sent: percent-encoded, without the query
	Query  string // as sent, without the question mark
	Host   string // of the Host header, with its port
	Remote string // the peer's address, for the log

	// Header returns all values of a header by its canonical name; nil if there is none.
	Header func(name string) []string

	Body   io.Reader // nil if there is none
	Length int64     // of the body in bytes; -1 if it was not announced
}

// Reply is the answer. Body is complete, and its length is the Content-Length, unless there is a Stream.
type Reply struct {
	Status int
	Header []Field
	Body   []byte
	Close  bool // close the connection: the request was refused before its body was read

	// Stream, where it is not nil, writes the body: it calls send with one piece after the other, each of which must go out at
	// once, until ctx ends or send fails. Whoever carries the reply must call it exactly once; it holds one of the API's slots.
	Stream func(ctx context.Context, send func([]byte) error)
}

// Field is one header of a Reply.
type Field struct{ Name, Value string }

func (r *Reply) set(name, value string) { r.Header = append(r.Header, Field{name, value}) }
