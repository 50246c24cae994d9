package httpapi

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
)

// instantly is a store that answers at once.
type instantly struct{ Store }

var (
	costAt   = sessnode.Position{Generation: 2, Index: 71}
	costNoon = time.Date(2026, 1, 31, 12, 0, 0, 5, time.UTC)
)

func costSession() sessnode.Session {
	s := sessnode.Session{App: "web", ID: sessnode.ID{1, 2, 3}, Subject: "user-1234567", Version: 7, Created: costNoon, Authenticated: costNoon, Touched: costNoon,
		IdleDeadline: costNoon.Add(time.Hour), End: costNoon.Add(12 * time.Hour), Attrs: map[string]sessnode.Value{}}
	for _, name := range []string{"cart", "flash", "locale", "theme"} {
		s.Attrs[name] = sessnode.Value{Codec: sessnode.JSON, Data: []byte(`"` + strings.Repeat("x", 126) + `"`)}
	}
	return s
}

// Write looks whether its time is over, as whoever waits for a majority does.
func (instantly) Write(ctx context.Context, _ sessnode.Mutation) (sessnode.Effect, error) {
	select {
	case <-ctx.Done():
		return sessnode.Effect{}, ctx.Err()
	default:
	}
	return sessnode.Effect{Session: costSessionOnce, At: costAt}, nil
}

func (instantly) Session(context.Context, string, sessnode.Key, sessnode.Read) (sessnode.Session, sessnode.Position, error) {
	return costSessionOnce, costAt, nil
}

func (instantly) Position() sessnode.Position { return costAt }

var costSessionOnce = costSession()

// endless is a connection on which the same request comes a number of times, and whose answers are only counted.
type endless struct {
	net.Conn
	request []byte
	left    int
	status  map[string]int
}

func (e *endless) Read(b []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	e.left--
	return copy(b, e.request), nil
}

func (e *endless) Write(b []byte) (int, error) {
	e.status[string(b[9:12])]++
	return len(b), nil
}

func (e *endless) Close() error                      { return nil }
func (e *endless) RemoteAddr() net.Addr              { return &net.TCPAddr{} }
func (e *endless) SetReadDeadline(_ time.Time) error { return nil }

const costHeaders = "Host: 127.0.0.1:7480\r\nUser-Agent: someone\r\nAccept: application/json\r\nSession-Timeout: 5\r\nAuthorization: Bearer key-of-web\r\n"

const costToken = "0123456789abcdef0123456789abcdef0123456789a"

func costRequest(line, headers, body string) string {
	if body != "" {
		headers += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return line + " HTTP/1.1\r\n" + costHeaders + headers + "\r\n" + body
}

var costAttrs = func() string {
	var list []string
	for _, name := range []string{"cart", "flash", "locale", "theme"} {
		list = append(list, `"`+name+`":"`+strings.Repeat("x", 126)+`"`)
	}
	return strings.Join(list, ",")
}()

// costs are the requests that an application sends all the time: what each may allocate, over the store's own.
var costs = []struct {
	name, request, status string
	most                  float64
}{
	{"read", costRequest("GET /v1/apps/web/session", "Session-Token: "+costToken+"\r\n", ""), "200", 3},
	{"read_without_touch", costRequest("GET /v1/apps/web/session?touch=false", "Session-Token: "+costToken+"\r\n", ""), "200", 3},
	{"unchanged", costRequest("GET /v1/apps/web/session", "Session-Token: "+costToken+"\r\nIf-None-Match: \"2-7\"\r\n", ""), "304", 4},
	{"create", costRequest("POST /v1/apps/web/sessions", "Idempotency-Key: 0123456789abcdef\r\n", `{"token":"`+costToken+`","subject":"user-1234567","attrs":{`+costAttrs+`}}`), "201", 10},
	{"patch", costRequest("PATCH /v1/apps/web/session", "Session-Token: "+costToken+"\r\n", `{"set":{`+costAttrs+`}}`), "200", 8},
}

func costServer(t testing.TB) *Server {
	config := DefaultConfig(instantly{})
	config.Keys = []APIKey{{Name: "web", Role: "app:web", Hash: sha256.Sum256([]byte("key-of-web"))}}
	api, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	return NewServer(DefaultServerConfig(), api)
}

// serveMany answers one request n times, through the parser, the API and the writer.
func serveMany(t testing.TB, s *Server, request, status string, n int) {
	e := &endless{request: []byte(request), left: n, status: map[string]int{}}
	newConn(s, e).serve()
	if e.status[status] != n {
		t.Fatalf("answers = %v, want %d times %s", e.status, n, status)
	}
}

func TestWhatARequestAllocates(t *testing.T) {
	s := costServer(t)
	for _, c := range costs {
		const many = 400
		got := testing.AllocsPerRun(3, func() { serveMany(t, s, c.request, c.status, many) }) / many
		if got > c.most+.2 { // the connection's own are spread over all of its requests
			t.Errorf("%s allocates %.1f times, want at most %v", c.name, got, c.most)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	s := costServer(b)
	for _, c := range costs {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			serveMany(b, s, c.request, c.status, b.N)
		})
	}
}
