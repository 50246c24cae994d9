package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
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

	// MaxHeaderBytes is how large a request's headers may be. Default 16 KiB; net/http adds 4 KiB of slack.
	MaxHeaderBytes int

	// MaxConnections is how many connections may be open; more wait to be accepted. Default 8,192.
	MaxConnections int

	// TLS, where it is set, is spoken on every connection. Default: none.
	TLS *tls.Config

	// Log gets what net/http has to say about connections, at Debug. Default: discarded.
	Log *slog.Logger
}

// DefaultServerConfig returns the limits of docs/reference/limits.md.
func DefaultServerConfig() ServerConfig {
	return ServerConfig{
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: MaxTimeout + 15*time.Second, IdleTimeout: 90 * time.Second,
		MaxHeaderBytes: 16 << 10, MaxConnections: 8192, Log: slog.New(slog.DiscardHandler),
	}
}

// Server serves a handler on one listener over HTTP/1.1. Its methods are safe for concurrent use.
type Server struct {
	http    *http.Server
	tls     *tls.Config
	maxOpen int
}

// NewServer makes a server. It does not listen yet.
func NewServer(config ServerConfig, h http.Handler) *Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &Server{maxOpen: config.MaxConnections, tls: config.TLS, http: &http.Server{
		Handler:           h,
		ReadHeaderTimeout: config.ReadHeaderTimeout,
		ReadTimeout:       config.ReadTimeout,
		WriteTimeout:      config.WriteTimeout,
		IdleTimeout:       config.IdleTimeout,
		MaxHeaderBytes:    config.MaxHeaderBytes,
		Protocols:         protocols,
		ErrorLog:          slog.NewLogLogger(config.Log.Handler(), slog.LevelDebug),

		// net/http's own answer to OPTIONS * would lack our headers.
		DisableGeneralOptionsHandler: true,
	}}
}

// Serve accepts connections until Shutdown, and closes the listener. It returns nil after a Shutdown, else why it could not
// go on.
func (s *Server) Serve(l net.Listener) error {
	l = limitListener(l, s.maxOpen)
	if s.tls != nil {
		l = tls.NewListener(l, s.tls) // shakes hands at the first read, within ReadHeaderTimeout
	}
	err := s.http.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown stops accepting, closes idle connections, and waits for the requests under way. When ctx ends first it cuts them
// off, and returns ctx's error: their clients do not know the outcome. Call API.Drain a while before, so that load
// balancers have looked away.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close()
	}
	return err
}
