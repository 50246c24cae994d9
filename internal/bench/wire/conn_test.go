package wire_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/internal/bench/wire"
	"github.com/sessnode/sessnode/sessnodetest"
)

const patience = 10 * time.Second

func connTo(t *testing.T, address string) *wire.Conn {
	t.Helper()
	c := wire.New(wire.Target{Address: address, Timeout: patience})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func createOf(token sessnode.Token) *wire.Request {
	body := `{"token":"` + token.Reveal() + `","attrs":{"a":"` + strings.Repeat("x", 500) + `"}}`
	return &wire.Request{Method: "POST", Path: "/v1/apps/bench/sessions", Operation: sessnode.NewID().String(), Body: []byte(body)}
}

func TestRequestsDoWhatTheyDoOverTheGoClient(t *testing.T) {
	server := sessnodetest.New(t)
	c := connTo(t, strings.TrimPrefix(server.URL(), "http://"))
	token := sessnode.NewToken()
	session := func(method, path, body string, least int) *wire.Request {
		return &wire.Request{Method: method, Path: "/v1/apps/bench/session" + path, Token: token, Body: []byte(body), LeastBody: least}
	}
	for _, step := range []struct {
		name string
		r    *wire.Request
		want sessnode.Code
	}{
		{"create", createOf(token), sessnode.OK},
		{"create again", createOf(token), sessnode.CodeConflict},
		{"read", session("GET", "?touch=false", "", 500), sessnode.OK},
		{"read of too little", session("GET", "", "", 50_000), sessnode.CodeUnavailable},
		{"patch", session("PATCH", "", `{"set":{"b":"1"}}`, 0), sessnode.OK},
		{"patch of nonsense", session("PATCH", "", `{"sat":1}`, 0), sessnode.CodeInvalid},
		{"touch", session("POST", "/touch", "", 0), sessnode.OK},
		{"revoke", session("DELETE", "", "", 0), sessnode.OK},
		{"read of what ended", session("GET", "", "", 0), sessnode.CodeNotFound},
	} {
		if got := c.Do(t.Context(), step.r); got != step.want {
			t.Errorf("%s = %v, want %v", step.name, got, step.want)
		}
	}
	if s, err := server.Client("bench").Read(t.Context(), token); sessnode.ReasonOf(err) != sessnode.ReasonRevoked {
		t.Errorf("the Go client reads %+v, %v, want that it was revoked", s, err)
	}
}

// answering serves connections with one prepared answer for each request, and closes after the last.
func answering(t *testing.T, answers ...string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() { // ends with the listener
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			request := make([]byte, 8192)
			for _, answer := range answers {
				if _, err := conn.Read(request); err != nil {
					break
				}
				_, _ = conn.Write([]byte(answer))
			}
			conn.Close()
		}
	}()
	return l.Addr().String()
}

func TestOnlyANodesAnswerIsSuccess(t *testing.T) {
	ok := "HTTP/1.1 200 OK\r\nSession-Index: 1-2\r\n"
	for name, answer := range map[string]string{
		"no answer":            "",
		"cut in the head":      ok,
		"cut in the body":      ok + "Content-Length: 5\r\n\r\n{}",
		"no length":            ok + "\r\n{}",
		"in pieces":            ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a negative length":    ok + "Content-Length: -1\r\n\r\n",
		"a stranger's success": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
		"a stranger's 404":     "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
		"a stranger's problem": "HTTP/1.1 404 Not Found\r\nContent-Length: 20\r\n\r\n{\"code\":\"not_found\"}",
		"a code of OK":         "HTTP/1.1 404 Not Found\r\nSession-Index: 1-2\r\nContent-Length: 13\r\n\r\n{\"code\":\"ok\"}",
		"a huge problem":       "HTTP/1.1 500 No\r\nSession-Index: 1-2\r\nContent-Length: 999999999\r\n\r\n",
		"not HTTP":             "SSH-2.0-OpenSSH_9.2\r\n",
		"an interim answer":    "HTTP/1.1 100 Continue\r\n\r\n",
		"a header of nothing":  ok + "Content-Length\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := connTo(t, answering(t, answer))
			if got := c.Do(t.Context(), &wire.Request{Method: "GET", Path: "/"}); got != sessnode.CodeUnavailable {
				t.Errorf("a read answered with %q = %v, want unavailable", answer, got)
			}
			if got := c.Do(t.Context(), &wire.Request{Method: "PATCH", Path: "/"}); got != sessnode.CodeUnknown {
				t.Errorf("a change answered with %q = %v, want unknown", answer, got)
			}
		})
	}
}

func TestAConnectionIsDialledAgainAfterItBroke(t *testing.T) {
	good := "HTTP/1.1 200 OK\r\nsession-index:1-2\r\nCONTENT-LENGTH: 2\r\n\r\n{}"
	c := connTo(t, answering(t, good, strings.Replace(good, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)))
	for i := range 4 {
		if got := c.Do(t.Context(), &wire.Request{Method: "PATCH", Path: "/"}); got != sessnode.OK {
			t.Errorf("request %d = %v, want ok", i, got)
		}
	}
}

func TestNobodyListeningIsUnavailableForChangesToo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if got := connTo(t, l.Addr().String()).Do(t.Context(), &wire.Request{Method: "PATCH", Path: "/"}); got != sessnode.CodeUnavailable {
		t.Errorf("a change that could not be sent = %v, want unavailable: it was certainly not made", got)
	}
}

func TestTheEndOfTheContextEndsARequestThatHangs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, as the kernel does, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan sessnode.Code, 1)
	c := connTo(t, l.Addr().String())
	go func() { ended <- c.Do(ctx, &wire.Request{Method: "PATCH", Path: "/"}) }()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Read(make([]byte, 1)); err != nil { // the request is under way
		t.Fatal(err)
	}
	cancel()
	select {
	case got := <-ended:
		if got != sessnode.CodeUnknown {
			t.Errorf("cut off after it was sent = %v, want unknown", got)
		}
	case <-time.After(patience):
		t.Fatal("the request outlives its context")
	}
}

func TestTheKeyGoesIntoItsHeaderOnly(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heard := make(chan string, 1)
	go func() { // ends with the connection
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		b := make([]byte, 8192)
		n, _ := conn.Read(b)
		heard <- string(b[:n])
	}()
	c := wire.New(wire.Target{Address: l.Addr().String(), APIKey: "secret-key", Timeout: patience})
	defer c.Close()
	c.Do(t.Context(), &wire.Request{Method: "POST", Path: "/v1/apps/bench/session/touch", Token: "secret-token", Operation: "op-1"})
	want := "POST /v1/apps/bench/session/touch HTTP/1.1\r\nHost: " + l.Addr().String() + "\r\nUser-Agent: sessnode-bench\r\n" +
		"Accept: application/json\r\nSession-Timeout: 10\r\nAuthorization: Bearer secret-key\r\nSession-Token: secret-token\r\n" +
		"Idempotency-Key: op-1\r\nContent-Length: 0\r\n\r\n"
	if got := <-heard; got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
}

func TestAConnectionMayBeMadeBeforeTheFirstRequest(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := connTo(t, l.Addr().String())
	if err := c.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept() // would wait for ever if Connect had not dialled
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	_ = l.Close()
	if err := c.Connect(t.Context()); err != nil {
		t.Errorf("Connect where there is a connection = %v", err)
	}
	if err := connTo(t, l.Addr().String()).Connect(t.Context()); err == nil {
		t.Error("Connect succeeded where nobody listens")
	}
}
