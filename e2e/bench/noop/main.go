// Command noop answers requests of sessnode's form with 512 bytes and keeps nothing: what HTTP itself costs.
//
//	noop -kind net-http -listen 127.0.0.1:7480    Go's net/http
//	noop -kind api -listen 127.0.0.1:7480         sessnode's HTTP server and API, over a store that does nothing
//	noop -kind loop -listen 127.0.0.1:7480        sessnode's parser in a bare loop
//	noop -kind raw -listen 127.0.0.1:7480         no HTTP server at all: it looks for the end of a request, and writes the same bytes
//
// What the last one carries is what the load generator and the kernel's loopback carry at most.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/sessnode/sessnode/e2e/bench/loop"
	"github.com/sessnode/sessnode/httpapi/http1"
)

// bodyBytes is the size of an answer to a read.
const bodyBytes = 512

func main() {
	kind := flag.String("kind", "net-http", "net-http, api, loop or raw")
	listen := flag.String("listen", "127.0.0.1:0", "address")
	flag.Parse()
	if err := serve(*kind, *listen); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func serve(kind, listen string) error {
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	body := []byte(strings.Repeat("x", bodyBytes))
	switch kind {
	case "net-http":
		return http.Serve(ln, handler(body))
	case "loop":
		return loop.Serve(ln, func() loop.Handler {
			return func(out []byte, _ *http1.Head, _ []byte) []byte { return loop.Answer(out, http.StatusOK, body) }
		})
	case "api":
		return serveAPI(ln)
	case "raw":
		return serveRaw(ln, []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nSession-Index: 1\r\nContent-Length: "+
			strconv.Itoa(bodyBytes)+"\r\n\r\n"+string(body)))
	}
	return fmt.Errorf("no kind is called %q", kind)
}

// handler answers everything alike.
func handler(body []byte) http.Handler {
	length := []string{strconv.Itoa(len(body))}
	kind := []string{"application/json"}
	index := []string{"1"}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Content-Length"], h["Content-Type"], h["Session-Index"] = length, kind, index
		_, _ = w.Write(body) // a client that has gone is no concern
	})
}
