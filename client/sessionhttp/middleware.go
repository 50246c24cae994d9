package sessionhttp

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// Middleware gives each request that passes through Wrap its session. The zero value is of no use: see New.
//
// It is safe for concurrent use, holds no state of a request, and starts no goroutine.
type Middleware struct {
	client   *client.Client
	options  Options
	announce sync.Once // the loopback exception
}

// New prepares a middleware for the sessions of the client's app; it does not connect. The error joins every fault of o, and
// tells of a client without an app.
func New(c *client.Client, o Options) (*Middleware, error) {
	err := o.Validate()
	if !sessnode.ValidApp(c.Name()) {
		err = errors.Join(err, errors.New("the client names no app: add one to its URL, or use client.WithApp"))
	}
	if err != nil {
		return nil, err
	}
	return &Middleware{client: c, options: o.withDefaults()}, nil
}

// Wrap returns a handler that calls next with a session in the request's context, for From. Put middleware that recovers from
// panics outside of it.
func (m *Middleware) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := m.begin(r)
		rw := newWriter(w, r, s)
		defer rw.stopped()
		next.ServeHTTP(rw, r.WithContext(context.WithValue(r.Context(), contextKey{}, s)))
		rw.finish()
	})
}

type contextKey struct{}

// From returns the session of a request that came through Wrap; of nested middlewares, the innermost. It does not ask the
// store. It panics for another request: then Wrap is missing around the handler.
func From(r *http.Request) *Session { return FromContext(r.Context()) }

// FromContext is From, for functions that have the request's context only.
func FromContext(ctx context.Context) *Session {
	s, ok := ctx.Value(contextKey{}).(*Session)
	if !ok {
		panic("sessionhttp: this request has no session: wrap the handler with Middleware.Wrap")
	}
	return s
}
