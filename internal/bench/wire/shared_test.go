package wire_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/bench/wire"
	"github.com/sessnode/sessnode/internal/frames"
)

// sharer is a node that takes shared connections, and answers what holds its path.
type sharer struct {
	*httptest.Server
	opened, cut atomic.Int64 // connections so far; those that are cut at their first request
	keys        sync.Map     // with which connections were asked for
}

func newSharer(t *testing.T, answer func(request []byte) string) *sharer {
	t.Helper()
	s := &sharer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, in, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		s.keys.Store(r.Header.Get("Authorization"), true)
		number := s.opened.Add(1)
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+frames.Protocol+"\r\n\r\n")
		reader, out := frames.NewReader(in, frames.MaxRequest), frames.NewWriter(conn, time.Minute)
		for {
			call, payload, err := reader.Next()
			if err != nil || number <= s.cut.Load() {
				return
			}
			_ = out.Add(call, []byte(answer(payload)))
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *sharer) target() wire.Target {
	return wire.Target{Address: s.Listener.Addr().String(), APIKey: "secret", Timeout: 5 * time.Second}
}

func answered(status, body string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nSession-Index: 1\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
}

// TestClientsShareAConnection has many send at once, each of which gets its own answer.
func TestClientsShareAConnection(t *testing.T) {
	node := newSharer(t, func(request []byte) string {
		if bytes.Contains(request, []byte("/odd ")) {
			return answered("404 Not Found", `{"code":"not_found"}`)
		}
		return answered("200 OK", "{}")
	})
	shared := wire.Share(node.target())
	var clients sync.WaitGroup
	for i := range 20 {
		clients.Go(func() {
			c := wire.Over(shared)
			path, want := "/even", sessnode.OK
			if i%2 == 1 {
				path, want = "/odd", sessnode.CodeNotFound
			}
			for range 50 {
				if got := c.Do(t.Context(), &wire.Request{Method: "GET", Path: path}); got != want {
					t.Errorf("GET %s = %v, want %v", path, got, want)
				}
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	clients.Wait()
	if n := node.opened.Load(); n != 1 {
		t.Errorf("%d connections, want one", n)
	}
	if _, asked := node.keys.Load("Bearer secret"); !asked {
		t.Error("the connection was asked for without the API key")
	}
	if err := shared.Close(); err != nil {
		t.Error(err)
	}
}

// TestASharedConnectionThatBreaks makes the outcome of a change under way unknown, and is dialled anew by the next request.
func TestASharedConnectionThatBreaks(t *testing.T) {
	for method, want := range map[string]sessnode.Code{"PATCH": sessnode.CodeUnknown, "GET": sessnode.CodeUnavailable} {
		node := newSharer(t, func([]byte) string { return answered("200 OK", "{}") })
		node.cut.Store(1)
		shared := wire.Share(node.target())
		c := wire.Over(shared)
		for i, want := range []sessnode.Code{want, sessnode.OK, sessnode.OK} {
			if got := c.Do(t.Context(), &wire.Request{Method: method, Path: "/"}); got != want {
				t.Errorf("%s number %d = %v, want %v", method, i, got, want)
			}
		}
		if n := node.opened.Load(); n != 2 {
			t.Errorf("%d connections, want two", n)
		}
		_ = shared.Close()
	}
}

// TestASharedConnectionThatCannotBeMade: nobody is there, or somebody who does not know how to share. No change was sent.
func TestASharedConnectionThatCannotBeMade(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := ln.Addr().String()
	_ = ln.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for _, address := range []string{nobody, other.Listener.Addr().String()} {
		shared := wire.Share(wire.Target{Address: address, Timeout: time.Second})
		var clients sync.WaitGroup
		for i := range 4 {
			clients.Go(func() {
				if got := wire.Over(shared).Do(t.Context(), &wire.Request{Method: "PATCH", Path: fmt.Sprint("/", i)}); got != sessnode.CodeUnavailable {
					t.Errorf("a change = %v, want that it was certainly not made", got)
				}
			})
		}
		clients.Wait()
		if err := shared.Close(); err != nil {
			t.Error(err)
		}
	}
}
