package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/httpapi"
	"github.com/sessnode/sessnode/internal/frames"
)

const upgrade = "GET " + frames.Path + " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: " + frames.Protocol + "\r\n"

// sharer sends frames by hand and keeps the answers.
type sharer struct {
	t    *testing.T
	conn net.Conn
	out  *frames.Writer

	mu      sync.Mutex
	answers map[uint32]string // by number; 0 is the good-bye
	ended   bool
}

// share turns a connection into a shared one.
func share(t *testing.T, conn net.Conn) *sharer {
	t.Helper()
	go func() { _, _ = io.WriteString(conn, upgrade+"\r\n") }()
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols || res.Header.Get("Upgrade") != frames.Protocol {
		t.Fatalf("the upgrade got %+v, %v", res, err)
	}
	s := &sharer{t: t, conn: conn, out: frames.NewWriter(conn, time.Hour), answers: map[uint32]string{}}
	go func() { // ends with the connection
		r := frames.NewReader(in, 1<<20)
		for {
			number, payload, err := r.Next()
			s.mu.Lock()
			if err == nil {
				s.answers[number] = string(payload)
			}
			s.ended = err != nil
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close() })
	return s
}

func (s *sharer) send(number uint32, request string) {
	s.t.Helper()
	if err := s.out.Add(number, []byte(request)); err != nil {
		s.t.Errorf("frame %d: %v", number, err)
	}
}

// answer returns an answer once all is quiet.
func (s *sharer) answer(number uint32) (text string, there bool) {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	text, there = s.answers[number]
	return text, there
}

// status returns the status of an answer once all is quiet; "" if there is none.
func (s *sharer) status(number uint32) string {
	text, _ := s.answer(number)
	return strings.TrimPrefix(text[:min(len(text), len("HTTP/1.1 200"))], "HTTP/1.1 ")
}

func (s *sharer) isOver() bool {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

func patchOf(body string) string {
	return strings.Replace(get, "GET", "PATCH", 1) + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

// TestOneConnectionCarriesManyRequests: one that takes long holds up none of the others, and each is answered as it would be alone.
func TestOneConnectionCarriesManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, held := newStub(), make(chan struct{})
		var asked atomic.Int32
		store.hook = func(context.Context) {
			if asked.Add(1) == 1 {
				<-held
			}
		}
		l, _ := serve(t, store, nil)
		s := share(t, l.dial())
		s.send(1, get+"\r\n")
		if got := s.status(1); got != "" {
			t.Fatalf("the request that is held up got %q", got)
		}
		for i, c := range []struct{ request, want string }{
			{get + "\r\n", "200"},
			{patchOf(`{"set":{"a":1}}`), "200"},
			{patchOf(`[]`), "400"},
			{"GET /v1/apps/web/nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
			{strings.Replace(get, "localhost", "evil.example.com", 1) + "\r\n", "403"},
			{"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", "200"},
			{get + "\r\n", "200"}, // nothing of the others' is left
		} {
			number := uint32(10 + i)
			if s.send(number, c.request); s.status(number) != c.want {
				t.Errorf("%.40q got %q, want %s", c.request, s.status(number), c.want)
			}
		}
		close(held)
		if got := s.status(1); got != "200" {
			t.Errorf("the request that was held up got %q", got)
		}
		got, _ := s.answer(10)
		res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(got)), nil)
		if err != nil {
			t.Fatalf("an answer is %q: %v", got, err)
		}
		if body, err := io.ReadAll(res.Body); err != nil || !bytes.Contains(body, []byte(`"text":"\u00e4 "`)) || res.Header.Get("Session-Index") == "" {
			t.Errorf("an answer is %q, %v", got, err)
		}
	})
}

// TestWhatFitsNoFrameIsRefused: what is not one plain request is answered so, and a frame that is too large ends the connection.
func TestWhatFitsNoFrameIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStub()
		l, _ := serve(t, store, nil)
		s := share(t, l.dial())
		for i, request := range []string{
			"", "hello", get, // without an end
			get + "\r\nmore", patchOf(`{}`) + " ", patchOf(`{}`)[:len(patchOf(`{}`))-1],
			get + "\r\n" + get + "\r\n",
			get + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			get + "Connection: close\r\n\r\n",
			strings.Replace(get, "GET", "HEAD", 1) + "\r\n",
			"GET /v1/apps/web/events HTTP/1.1\r\nHost: localhost\r\n\r\n",
			upgrade + "\r\n",
		} {
			number := uint32(1 + i)
			if s.send(number, request); s.status(number) != "400" {
				t.Errorf("%q got %q, want 400", request, s.status(number))
			}
		}
		if len(store.asked) > 0 || len(store.changes()) > 0 {
			t.Errorf("the store was asked %q and %v", store.asked, store.changes())
		}
		s.send(90, get+"\r\n")
		if got := s.status(90); got != "200" {
			t.Errorf("a good request after all that got %q", got)
		}
		s.send(91, patchOf(strings.Repeat(" ", frames.MaxRequest)))
		_, told := s.answer(0)
		time.Sleep(2 * time.Second) // the rest of it is read and thrown away meanwhile
		if s.status(91) != "413" || !told || !s.isOver() {
			t.Errorf("a frame of more than %d bytes got %q, with a good-bye: %v, and then the end: %v", frames.MaxRequest, s.status(91), told, s.isOver())
		}
	})
}

func TestWhoMayShareAConnection(t *testing.T) {
	for name, c := range map[string]struct{ request, want string }{
		"an application":   {upgrade + "\r\n", "101"},
		"a web page":       {upgrade + "Origin: https://evil.example.com\r\n\r\n", "403"},
		"a rebound name":   {strings.Replace(upgrade, "localhost", "evil.example.com", 1) + "\r\n", "403"},
		"another protocol": {strings.Replace(upgrade, frames.Protocol, "websocket", 1) + "\r\n", "400"},
		"another method":   {strings.Replace(upgrade, "GET", "POST", 1) + "Content-Length: 0\r\n\r\n", "400"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, _ := serve(t, newStub(), nil)
				conn := l.dial()
				defer conn.Close()
				go func() { _, _ = io.WriteString(conn, c.request) }()
				line, err := bufio.NewReader(conn).ReadString('\n')
				if err != nil || !strings.HasPrefix(line, "HTTP/1.1 "+c.want) {
					t.Errorf("got %q, %v, want %s", line, err, c.want)
				}
			})
		})
	}
}

// TestManyRequestsOfManyWorkersKeepApart over a real connection: each change arrives once, and whole.
func TestManyRequestsOfManyWorkersKeepApart(t *testing.T) {
	t.Run("plain", func(t *testing.T) { keepApart(t, nil, nil) })
	t.Run("TLS", func(t *testing.T) {
		server, client := certified(t)
		keepApart(t, server, client)
	})
}

func keepApart(t *testing.T, secure, trusting *tls.Config) {
	store := newStub()
	config := httpapi.DefaultConfig(store)
	config.Insecure = true
	api, err := httpapi.New(config)
	if err != nil {
		t.Fatal(err)
	}
	serving := httpapi.DefaultServerConfig()
	serving.TLS = secure
	server := httpapi.NewServer(serving, api)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if trusting != nil {
		trusting.ServerName = "127.0.0.1"
		conn = tls.Client(conn, trusting)
	}
	link, err := frames.Open(conn, ln.Addr().String(), "")
	if err != nil {
		t.Fatal(err)
	}
	var callers sync.WaitGroup
	for c := range 40 {
		callers.Go(func() {
			call := frames.NewCall()
			for i := range 50 {
				name := fmt.Sprintf("a%d-%d", c, i)
				answer, err := link.Do(t.Context(), call, []byte(patchOf(fmt.Sprintf(`{"set":{%q:%d}}`, name, i))))
				if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 200")) {
					t.Errorf("%s got %q, %v", name, answer, err)
				}
			}
		})
	}
	callers.Wait()
	names := map[string]bool{}
	for _, m := range store.changes() {
		for name := range m.Change.(sessnode.Patch).Edit.Set {
			names[name] = true
		}
	}
	if len(names) != 40*50 {
		t.Errorf("%d different changes reached the store, want %d", len(names), 40*50)
	}
	if err := link.Close(); err != nil {
		t.Error(err)
	}
	if err := errors.Join(server.Shutdown(t.Context()), <-served); err != nil {
		t.Error(err)
	}
}
