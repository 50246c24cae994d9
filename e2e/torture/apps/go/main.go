// Command app is the five routes in Go, with net/http: once over scs, once over gorilla/sessions, once over sessionhttp. What the
// sessions are kept in is chosen by -store, in stores.go.
//
// It is a module of its own, so that the product does not inherit what the incumbents need.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address")
	name := flag.String("store", "", "which framework and store; see stores.go")
	flag.Parse()
	handler, err := open(*name)
	if err == nil {
		server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		err = server.ListenAndServe()
	}
	fmt.Fprintln(os.Stderr, "error:", err)
	os.Exit(1)
}

// routes are the five, whatever they are made of.
type routes interface {
	login(http.ResponseWriter, *http.Request)
	logout(http.ResponseWriter, *http.Request)
	set(http.ResponseWriter, *http.Request)
	get(http.ResponseWriter, *http.Request)
	pop(http.ResponseWriter, *http.Request)
}

func mux(r routes) *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("POST /login", r.login)
	m.HandleFunc("POST /logout", r.logout)
	m.HandleFunc("POST /set", r.set)
	m.HandleFunc("GET /get", r.get)
	m.HandleFunc("POST /pop", r.pop)
	return m
}

// hold returns when the trial opens the gate of this name; at once where there is none.
func hold(r *http.Request) {
	name := r.URL.Query().Get("hold")
	if name == "" {
		return
	}
	resp, err := http.Get(os.Getenv("TORTURE_GATE") + name)
	if err == nil {
		_ = resp.Body.Close()
	}
}
