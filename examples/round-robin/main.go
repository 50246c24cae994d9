// Command round-robin is a small proxy that sends each request to the next of its app servers, and past one that does not answer the
// phone. It shows that sessions live in no app server; it is no load balancer for production.
//
//	go run ./examples/round-robin -addr 127.0.0.1:8080 127.0.0.1:8481 127.0.0.1:8482
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// dialLimit is how long an app server may take to answer the phone, before the next one is asked.
	dialLimit = time.Second

	// endLimit is how long requests that are under way may take to finish when the proxy is told to end.
	endLimit = 5 * time.Second
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen: host and port")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, flag.Args()); err != nil {
		slog.Error("round-robin ends", "err", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, addr string, apps []string) error {
	if len(apps) == 0 {
		return errors.New("name the app servers: host:port host:port ...")
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/ leads to %v in turn\n", listener.Addr(), apps)
	server := &http.Server{Handler: newProxy(apps), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { // ends when ctx does, at the latest when run returns
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), endLimit)
		defer cancel()
		stopped <- server.Shutdown(last)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
