// Command go-login is the login app of the articles (home, login, logout) with its sessions in a sessnode cluster.
//
//	go run ./examples/go-login -store sessnode://127.0.0.1:7480,127.0.0.1:7490,127.0.0.1:7500/login
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/examples/go-login/login"
)

// localNodes are the three nodes of scripts/three-nodes.sh.
const localNodes = "sessnode://127.0.0.1:7480,127.0.0.1:7490,127.0.0.1:7500/login"

func main() {
	addr := flag.String("addr", "127.0.0.1:8480", "where to listen: host and port")
	store := flag.String("store", "", "URL of the cluster; with a key in it, set SESSNODE_URL instead (default "+localNodes+")")
	keyFile := flag.String("api-key-file", os.Getenv("SESSNODE_API_KEY_FILE"), "file with the app's API key")
	cookie := flag.String("cookie", "", "name of the cookie; the other examples say sessnode, so that who shares it shares one login (default session)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, cmp.Or(*store, os.Getenv("SESSNODE_URL"), localNodes), *keyFile, *cookie); err != nil {
		slog.Error("go-login ends", "err", err)
		os.Exit(1)
	}
}

// run serves the app until ctx ends. An empty keyFile leaves it to the store's URL whether there is a key.
func run(ctx context.Context, addr, store, keyFile, cookie string) error {
	var options []client.Option
	if keyFile != "" {
		key, err := os.ReadFile(keyFile)
		if err != nil {
			return err
		}
		options = append(options, client.WithAPIKey(strings.TrimSpace(string(key))))
	}
	sessions, err := client.New(store, options...)
	if err != nil {
		return err
	}
	defer sessions.Close()
	if sessions.Name() == "" {
		sessions = sessions.In(cmp.Or(os.Getenv("SESSNODE_APP"), "login"))
	}
	app, err := login.New(sessions, login.Options{Cookie: cookie})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("sign in as ada or grace, password demo: http://%s/\n", listener.Addr())
	server := &http.Server{Handler: app, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { // ends when ctx does, at the latest when run returns
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(last)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
