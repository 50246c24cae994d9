package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode/httpapi"
)

// pipes is a listener in memory, so that time can be that of synctest.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// dial blocks until the server accepts.
func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// serve runs a server in a bubble of its own time. The function returned stops it.
func serve(t *testing.T, store *stub, adjust func(*httpapi.ServerConfig)) (*pipes, *httpapi.Server) {
	t.Helper()
	config := httpapi.DefaultConfig(store)
	config.Insecure = true
	api, err := httpapi.New(config)
	if err != nil {
		t.Fatal(err)
	}
	limits := httpapi.DefaultServerConfig()
	if adjust != nil {
		adjust(&limits)
	}
	l, s := newPipes(), httpapi.NewServer(limits, api)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Shutdown(ctx)
		if err := <-done; err != nil {
			t.Errorf("Serve = %v, want nil after a shutdown", err)
		}
		time.Sleep(time.Minute) // of the bubble's time: net/http lingers on connections that it has cut off
	})
	return l, s
}

const get = "GET /v1/apps/web/session HTTP/1.1\r\nHost: localhost\r\nSession-Token: 0123456789abcdef0123456789abcdef\r\n"

// slowly sends a text one byte a second until the server hangs up, and returns how long that took and what it said.
func slowly(conn net.Conn, text string) (time.Duration, string) {
	began := time.Now()
	said := make(chan string)
	go func() { all, _ := io.ReadAll(conn); said <- string(all) }()
	for _, b := range []byte(text) {
		if _, err := conn.Write([]byte{b}); err != nil {
			break
		}
		time.Sleep(time.Second) // of the bubble's time
	}
	answer := <-said
	_ = conn.Close()
	return time.Since(began), answer
}

func TestSlowClientsAreCutOff(t *testing.T) {
	for name, test := range map[string]struct {
		at   string        // sent at once
		slow string        // sent a byte a second
		most time.Duration // and at least four seconds less
		says string
	}{
		"headers":      {"", get + strings.Repeat("X: y\r\n", 100), 7 * time.Second, ""},
		"body":         {strings.Replace(get, "GET", "PATCH", 1) + "Content-Length: 1000\r\n\r\n", strings.Repeat(" ", 1000), 17 * time.Second, "the body did not arrive in time"},
		"chunked body": {strings.Replace(get, "GET", "PATCH", 1) + "Transfer-Encoding: chunked\r\n\r\n", strings.Repeat("1\r\n \r\n", 1000), 17 * time.Second, "the body did not arrive in time"},
		"nothing":      {get + "\r\n", "", 92 * time.Second, "200 OK"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newStub()
				l, _ := serve(t, store, nil)
				conn := l.dial()
				if test.at != "" {
					_, _ = conn.Write([]byte(test.at))
				}
				took, said := slowly(conn, test.slow)
				if took > test.most || took < test.most-4*time.Second || !strings.Contains(said, test.says) {
					t.Errorf("the connection lived %v and was told %q, want about %v and %q", took, said, test.most, test.says)
				}
				if len(store.changes()) != 0 {
					t.Error("half a request reached the store")
				}
			})
		})
	}
}

func TestHugeHeadersAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := serve(t, newStub(), nil)
		conn := l.dial()
		go func() { _, _ = conn.Write([]byte(get + "X: " + strings.Repeat("y", 64<<10) + "\r\n\r\n")) }()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("answer = %v, %v, want 431", res, err)
		}
		_ = conn.Close()
	})
}

// TestConnectionsBeyondTheLimitWait: they are not refused, and get their turn.
func TestConnectionsBeyondTheLimitWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := serve(t, newStub(), func(c *httpapi.ServerConfig) { c.MaxConnections = 2 })
		first, second := l.dial(), l.dial()
		accepted := false
		var third net.Conn
		dialled := make(chan struct{})
		go func() { third = l.dial(); accepted = true; close(dialled) }()
		synctest.Wait()
		if accepted {
			t.Error("a third connection was accepted")
		}
		_ = first.Close()
		<-dialled
		go func() { _, _ = third.Write([]byte(get + "Connection: close\r\n\r\n")) }()
		all, err := io.ReadAll(third)
		if err != nil || !strings.HasPrefix(string(all), "HTTP/1.1 200") {
			t.Errorf("the third got %q, %v", all, err)
		}
		_, _ = second.Close(), third.Close()
	})
}

// TestShutdownWaitsForRequestsUnderWay, but not for ever.
func TestShutdownWaitsForRequestsUnderWay(t *testing.T) {
	for _, patient := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			store := newStub()
			entered, leave := make(chan struct{}), make(chan struct{})
			store.hook = func(context.Context) { close(entered); <-leave }
			l, s := serve(t, store, nil)
			conn := l.dial()
			go func() { _, _ = conn.Write([]byte(get + "\r\n")) }()
			said := make(chan string)
			go func() { all, _ := io.ReadAll(conn); said <- string(all) }()
			<-entered
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			stopped := make(chan error, 1)
			go func() { stopped <- s.Shutdown(ctx) }()
			synctest.Wait()
			if patient {
				close(leave)
			}
			err, answer := <-stopped, <-said
			if patient && (err != nil || !strings.HasPrefix(answer, "HTTP/1.1 200")) {
				t.Errorf("Shutdown = %v, and the request under way got %q", err, answer)
			}
			if !patient {
				if !errors.Is(err, context.DeadlineExceeded) || answer != "" {
					t.Errorf("Shutdown = %v, and the request got %q, want it cut off after the deadline", err, answer)
				}
				close(leave)
			}
			_ = conn.Close()
		})
	}
}

// TestKeptConnectionsServeMany, also after a problem whose body was read; and absolute paths are taken as they were sent.
func TestKeptConnectionsServeMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStub()
		l, _ := serve(t, store, nil)
		conn := l.dial()
		r := bufio.NewReader(conn)
		for i, request := range []struct {
			text   string
			status int
		}{
			{get + "\r\n", 200},
			{strings.Replace(get, "GET", "PATCH", 1) + "Content-Length: 2\r\n\r\n[]", 400},
			{strings.Replace(get, "GET", "HEAD", 1) + "\r\n", 200},
			{"GET /v1/apps/web/subjects/..%2F%2e%2E/sessions HTTP/1.1\r\nHost: localhost\r\n\r\n", 200},
			{"GET /v1/apps/web/../web/session HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
			{"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
		} {
			go func() { _, _ = conn.Write([]byte(request.text)) }()
			method, _, _ := strings.Cut(request.text, " ")
			res, err := http.ReadResponse(r, &http.Request{Method: method})
			if err != nil || res.StatusCode != request.status || res.Close || res.Header.Get("Session-Index") == "" {
				t.Fatalf("answer %d = %v, %v, want %d on a connection that stays", i, res, err, request.status)
			}
			_, _ = io.Copy(io.Discard, res.Body)
		}
		if got, want := store.asked[len(store.asked)-1], "subject web ../.."; got != want {
			t.Errorf("the store was asked %q, want %q", got, want)
		}
		_ = conn.Close()
	})
}
