package client_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/frames"
)

// sharer is a node that takes shared connections, and counts what came over them.
type sharer struct {
	*httptest.Server
	opened, framed atomic.Int64
	plain          atomic.Int64

	mu    sync.Mutex
	conns []net.Conn
}

// newSharer serves a handler over shared connections and plain ones.
func newSharer(t *testing.T, handler http.Handler, secure bool) *sharer {
	t.Helper()
	s := &sharer{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != frames.Path {
			s.plain.Add(1)
			handler.ServeHTTP(w, r)
			return
		}
		conn, in, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		s.opened.Add(1)
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "+frames.Protocol+"\r\n\r\n")
		s.serve(conn, in.Reader, handler)
	}))
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(func() { s.cut(); s.Close() })
	return s
}

func (s *sharer) serve(conn net.Conn, in io.Reader, handler http.Handler) {
	reader, out := frames.NewReader(in, frames.MaxRequest), frames.NewWriter(conn, time.Minute)
	for {
		number, payload, err := reader.Next()
		if err != nil {
			return
		}
		s.framed.Add(1)
		request := append([]byte(nil), payload...)
		go func() { // ends with the handler
			r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
			if err != nil {
				_ = conn.Close()
				return
			}
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, r)
			var answer bytes.Buffer
			_ = rec.Result().Write(&answer)
			_ = out.Add(number, answer.Bytes())
		}()
	}
}

// cut breaks all shared connections.
func (s *sharer) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

// anySession answers everything with a session that has the body of the request in an attribute.
func anySession(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if len(body) == 0 {
		body = []byte("null")
	}
	w.Header().Set("Session-Index", "1-5")
	w.Header().Set("Session-Generation", "1")
	_, _ = w.Write([]byte(`{"version":1,"attrs":{"sent":` + string(body) + `}}`))
}

func sharing(t *testing.T, url string, each int, opts ...client.Option) *client.Client {
	t.Helper()
	c, err := client.New(url, append([]client.Option{client.WithApp("web"), client.WithSharedConnections(each)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// warm has the client open so many shared connections to a node. On a machine that stands still for a second a node seems not to know of them, and is asked
// again a while later.
func (s *sharer) warm(t *testing.T, c *client.Client, connections int64) {
	t.Helper()
	for began := time.Now(); s.opened.Load() < connections || s.framed.Load() == 0; {
		if _, err := c.Read(t.Context(), token); err != nil || time.Since(began) > time.Minute {
			t.Fatalf("no shared connection: %v", err)
		}
	}
}

// await waits until so many requests came over shared connections.
func (s *sharer) await(t *testing.T, framed int64) {
	t.Helper()
	for began := time.Now(); s.framed.Load() < framed; time.Sleep(time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Errorf("%d requests came over shared connections, want %d", s.framed.Load(), framed)
			return
		}
	}
}
