package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
)

// start opens the parts from the inside out: the HTTP port first, so that a port in use is known before the node speaks to
// others; then the node; then the API on the port.
func start(ctx context.Context, log *slog.Logger, s settings, version string) (*parts, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Listen.HTTP)
	if err != nil {
		return nil, fmt.Errorf("HTTP: %w", err)
	}
	httpAddr := s.Listen.Advertised(ln.Addr().String())
	node, err := openNode(ctx, log, s, version, httpAddr, failStop(log, os.Exit))
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, r *http.Request) {
		for _, c := range node.Ready() {
			fmt.Fprintln(w, c)
		}
	})
	server := &http.Server{Handler: mux}
	failed := make(chan error, 1)
	go func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("HTTP: %w", err)
		}
	}()
	return &parts{
		httpAddr: httpAddr, ready: node.Ready, failed: failed,
		drain: []step{{"hand over", node.Drain}, {"HTTP", server.Shutdown}, {"node", node.Close}},
	}, nil
}
