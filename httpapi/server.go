package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// ServerConfig bounds what one connection may cost. DefaultServerConfig fills it.
type ServerConfig struct {
	// ReadHeaderTimeout is how long a client may take to send a request's headers. Default 5 s.
	ReadHeaderTimeout time.Duration

	// ReadTimeout is how long it may take to send headers and body. Default 15 s.
	ReadTimeout time.Duration

	// WriteTimeout is the time from the end of the headers to the end of the answer. Default 45 s; it must be longer than
	// MaxTimeout, or answers that were worked for are cut off.
	WriteTimeout time.Duration

	// IdleTimeout is how long a connection is kept between two requests. Default 90 s: longer than clients and proxies
	// usually keep theirs (60 s), because a connection that the server closes under a request makes its outcome unknown.
	IdleTimeout time.Duration

	// MaxHeaderBytes is how large a request's headers may be, with 4 KiB of slack. Default 16 KiB.
	MaxHeaderBytes int

	// MaxConnections is how many connections may be open; more wait to be accepted. Default 8,192.
	MaxConnections int

	// TLS, where it is set, is spoken on every connection. Default: none.
	TLS *tls.Config

	// Log gets what there is to say about connections, at Debug. Default: discarded.
	Log *slog.Logger
}

// DefaultServerConfig returns the limits of docs/reference/limits.md.
func DefaultServerConfig() ServerConfig {
	return ServerConfig{
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: MaxTimeout + 15*time.Second, IdleTimeout: 90 * time.Second,
		MaxHeaderBytes: 16 << 10, MaxConnections: 8192, Log: slog.New(slog.DiscardHandler),
	}
}

// Server serves an API on one listener over HTTP/1.1. Its methods are safe for concurrent use.
//
// It answers plain requests in a loop of its own, which costs a third of what net/http does. Whatever is not plain beyond any doubt
// (package http1) goes to net/http, together with the rest of its connection: nothing of it is interpreted twice
// (docs/adr/0007-http-server.md).
type Server struct {
	config  ServerConfig
	api     *API
	odd     *http.Server // for connections with odd requests
	handOff *handOff     // where it gets them
	watch   watch

	life    context.Context // of all requests; ends when they are cut off
	endLife context.CancelFunc

	mu       sync.Mutex
	listener net.Listener
	conns    map[*conn]struct{}
	work     sync.WaitGroup // one for each of conns, and one for each goroutine of Serve
	closing  atomic.Bool

	shared  map[*sharedConn]struct{} // what carries frames
	sharing sync.WaitGroup           // one for each of them
	atWork  atomic.Int64             // requests under way over them together
	hired   atomic.Int64             // workers, theirs together
}

// NewServer makes a server. It does not listen yet.
func NewServer(config ServerConfig, api *API) *Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	s := &Server{config: config, api: api, handOff: newHandOff(), conns: map[*conn]struct{}{}, shared: map[*sharedConn]struct{}{}}
	s.odd = &http.Server{
		Handler:           http.HandlerFunc(s.serveOdd),
		ReadHeaderTimeout: config.ReadHeaderTimeout,
		ReadTimeout:       config.ReadTimeout,
		WriteTimeout:      config.WriteTimeout,
		IdleTimeout:       config.IdleTimeout,
		MaxHeaderBytes:    config.MaxHeaderBytes,
		Protocols:         protocols,
		ErrorLog:          slog.NewLogLogger(config.Log.Handler(), slog.LevelDebug),

		// net/http's own answer to OPTIONS * would lack our headers.
		DisableGeneralOptionsHandler: true,
	}
	s.watch.prepare(config)
	s.life, s.endLife = context.WithCancel(context.Background())
	return s
}

// Serve accepts connections until Shutdown, and closes the listener. It returns nil after a Shutdown, else why it could not
// go on.
func (s *Server) Serve(l net.Listener) error {
	l = limitListener(l, s.config.MaxConnections)
	defer l.Close()
	if !s.begin(l) {
		return nil
	}
	for pause := time.Duration(0); ; {
		rwc, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			s.take(rwc)
		case s.closing.Load():
			return nil
		case passes(err):
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			select {
			case <-time.After(pause):
			case <-s.watch.done:
			}
		default:
			return err
		}
	}
}

// passes reports whether accepting failed for a lack of something, of descriptors for instance, that may be over soon.
func passes(err error) bool {
	var temporary interface{ Temporary() bool }
	return errors.As(err, &temporary) && temporary.Temporary()
}

// begin starts what runs beside accepting. False means that Shutdown was called before.
func (s *Server) begin(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return false
	}
	s.listener = l
	go func() { _ = s.odd.Serve(s.handOff) }() // ends with Shutdown
	s.work.Go(func() { s.watch.run(s.each) })  // likewise
	return true
}

// take serves one connection.
func (s *Server) take(rwc net.Conn) {
	c := newConn(s, rwc)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		_ = rwc.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.work.Go(func() { // ends with the connection, or when it is handed off
		defer s.forget(c)
		c.serve()
	})
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// each calls f with every connection of the loop.
func (s *Server) each(f func(*conn)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		f(c)
	}
}

// Shutdown stops accepting, closes idle connections, and waits for the requests under way. When ctx ends first it cuts them
// off, and returns ctx's error: their clients do not know the outcome. Call API.Drain a while before, so that load
// balancers have looked away.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	first := !s.closing.Swap(true)
	if first {
		close(s.watch.done)
	}
	if s.listener != nil {
		_ = s.listener.Close()
	}
	s.mu.Unlock()
	s.each(func(c *conn) { c.retire() })
	s.eachShared((*sharedConn).retire)
	err := waitFor(ctx, &s.work) // until all of the loop's connections are closed or handed off
	if err == nil {
		err = s.odd.Shutdown(ctx) // until here the loop's connections may be handed off
	}
	if err == nil {
		err = waitFor(ctx, &s.sharing) // and until here turned into shared ones
	}
	s.endLife()
	if err != nil {
		s.each(func(c *conn) { _ = c.raw.Close() })
		s.eachShared(func(c *sharedConn) { go c.cut() }) // each ends at once, or where TLS says good-bye to somebody deaf, soon
		_ = s.odd.Close()
	}
	_ = s.handOff.Close()
	return err
}

// waitFor waits for what is counted, or for ctx.
func waitFor(ctx context.Context, work *sync.WaitGroup) error {
	over := make(chan struct{})
	go func() { work.Wait(); close(over) }() // ends with the last request, which may be after ctx
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
