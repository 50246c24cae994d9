package client_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
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

// TestManyCallsShareFewConnections, and each gets its own answer.
func TestManyCallsShareFewConnections(t *testing.T) {
	for _, secure := range []bool{false, true} {
		node := newSharer(t, http.HandlerFunc(anySession), secure)
		transport := client.DefaultTransport()
		if secure {
			transport.TLSClientConfig = node.Client().Transport.(*http.Transport).TLSClientConfig
		}
		c := sharing(t, node.URL, 2, client.WithTransport(transport), client.WithTimeout(time.Minute))
		var calls sync.WaitGroup
		for i := range 30 {
			calls.Go(func() {
				for k := range 20 {
					name := strings.Repeat("x", 1+i*20+k)
					if _, err := c.Patch(t.Context(), token, sessnode.Edit{Unset: []string{name}}); err != nil {
						t.Errorf("Patch = %v", err)
					}
					if _, err := c.Read(t.Context(), token); err != nil {
						t.Errorf("Read = %v", err)
					}
				}
			})
		}
		calls.Wait()
		// On a machine that stands still for a second some go another way.
		if opened, framed, plain := node.opened.Load(), node.framed.Load(), node.plain.Load(); opened < 2 || opened > 6 || framed+plain != 30*20*2 || plain > framed {
			t.Errorf("TLS %v: %d shared connections carried %d requests, and %d came otherwise", secure, opened, framed, plain)
		}
	}
}

// TestWhatDoesNotSuitGoesItsOwnWay: large requests and streams.
func TestWhatDoesNotSuitGoesItsOwnWay(t *testing.T) {
	node := newSharer(t, http.HandlerFunc(anySession), false)
	c := sharing(t, node.URL, 1, client.WithTries(1))
	large := sessnode.Edit{Set: map[string]sessnode.Value{"a": {Data: []byte(`"` + strings.Repeat("x", 40_000) + `"`)}}}
	if _, err := c.Patch(t.Context(), token, large); err != nil {
		t.Errorf("a large patch = %v", err)
	}
	if _, err := c.RevokeSubject(t.Context(), strings.Repeat("\u00e4", 20_000), sessnode.ID{}); errors.Is(err, sessnode.ErrUnknown) {
		t.Errorf("a long path = %v", err)
	}
	_, _ = c.Backup(t.Context(), io.Discard) // the node answers nonsense, over the way that is looked at here
	if framed, plain := node.framed.Load(), node.plain.Load(); framed != 0 || plain != 3 {
		t.Errorf("%d requests came over a shared connection and %d otherwise, want none and three", framed, plain)
	}
}

// TestAnOlderNodeIsServedAsBefore: it does not know of shared connections, is asked once, and nothing is lost or sent twice.
func TestAnOlderNodeIsServedAsBefore(t *testing.T) {
	var asked, served atomic.Int64
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == frames.Path {
			asked.Add(1)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		served.Add(1)
		body, _ := io.ReadAll(r.Body)
		if len(r.TransferEncoding) > 0 {
			t.Errorf("%s %s came in chunks", r.Method, r.URL.Path)
		}
		if r.Method == http.MethodPatch && !strings.Contains(string(body), `"unset":["a"]`) {
			t.Errorf("the body that arrived is %q", body)
		}
		r.Body = io.NopCloser(strings.NewReader(""))
		anySession(w, r)
	}))
	defer node.Close()
	for range 5 { // the first request of a client is sent the plain way after it was asked
		c := sharing(t, node.URL, 2)
		if _, err := c.Touch(t.Context(), token, sessnode.TimeoutChange{}); err != nil {
			t.Errorf("Touch = %v", err)
		}
	}
	c := sharing(t, node.URL, 2)
	for range 10 {
		if _, err := c.Patch(t.Context(), token, sessnode.Edit{Unset: []string{"a"}}); err != nil {
			t.Errorf("Patch = %v", err)
		}
	}
	if asked.Load() != 6 || served.Load() != 15 {
		t.Errorf("six clients asked it %d times and it served %d requests, want 6 and 15", asked.Load(), served.Load())
	}
}

// TestSharedConnectionsThatBreak: a connection that ended while it lay unused is dialled anew, one that ends under a request leads to the next try under the same
// operation, and no caller hears of it.
func TestSharedConnectionsThatBreak(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	var node *sharer
	var patches atomic.Int64
	node = newSharer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if op := r.Header.Get("Idempotency-Key"); op != "" {
			mu.Lock()
			seen[op]++
			mu.Unlock()
			if patches.Add(1) == 2 {
				node.cut()
			}
		}
		anySession(w, r)
	}), false)
	c := sharing(t, node.URL, 1)
	patch := func() {
		t.Helper()
		if _, err := c.Patch(t.Context(), token, sessnode.Edit{Unset: []string{"a"}}); err != nil {
			t.Errorf("Patch = %v", err)
		}
	}
	patch()
	patch() // it is cut under this one
	node.cut()
	patch()
	mu.Lock()
	defer mu.Unlock()
	if len(seen) != 3 || node.opened.Load() < 3 {
		t.Errorf("three changes came as %v over %d connections", seen, node.opened.Load())
	}
}

// TestATraceKnowsWhetherARequestMayHaveLeft: where nobody listens it has not, and where the connection broke under it it may have. What a client says of a
// change rests on that.
func TestATraceKnowsWhetherARequestMayHaveLeft(t *testing.T) {
	entered, over := make(chan struct{}), make(chan struct{})
	defer close(over)
	node := newSharer(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(entered); <-over }), false)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	transport := client.SharedTransport(client.DefaultTransport(), 1)
	for name, c := range map[string]struct {
		url  string
		left bool
	}{"nobody": {"http://" + l.Addr().String(), false}, "a node that dies": {node.URL, true}} {
		looking, left := false, false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			GetConn: func(string) { looking = true }, GotConn: func(httptrace.GotConnInfo) { left = true },
		})
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/v1/apps/web/session", nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.left {
			go func() { <-entered; node.cut() }() // ends with the request
		}
		if res, err := transport.RoundTrip(req); err == nil || !looking || left != c.left {
			t.Errorf("%s: %v, %v; looked for a connection: %v, may have left: %v", name, res, err, looking, left)
		}
	}
}

// TestACallThatGivesUpLeavesTheOthers: its context ends, theirs do not.
func TestACallThatGivesUpLeavesTheOthers(t *testing.T) {
	release := make(chan struct{})
	node := newSharer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			<-release
		}
		anySession(w, r)
	}), false)
	c := sharing(t, node.URL, 1, client.WithTries(1))
	patched := make(chan error, 1)
	go func() { _, err := c.Patch(t.Context(), token, sessnode.Edit{Unset: []string{"a"}}); patched <- err }()
	for node.framed.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // ends when the second patch is there
		for node.framed.Load() < 2 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := c.Patch(ctx, token, sessnode.Edit{Unset: []string{"b"}}); !errors.Is(err, sessnode.ErrUnknown) {
		t.Errorf("the patch that gave up = %v", err)
	}
	if _, err := c.Read(t.Context(), token); err != nil {
		t.Errorf("a read beside = %v", err)
	}
	close(release)
	if err := <-patched; err != nil {
		t.Errorf("the other patch = %v", err)
	}
	if opened, framed := node.opened.Load(), node.framed.Load(); opened != 1 || framed != 3 {
		t.Errorf("%d requests came over %d connections, want three over one", framed, opened)
	}
}

// TestAConnectionThatIsGivenUpStillAnswers: when nothing came over it for a second and one call gave up, later calls take another connection, and
// what is under way over the old one is answered there.
func TestAConnectionThatIsGivenUpStillAnswers(t *testing.T) {
	release := make(chan struct{})
	node := newSharer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			<-release
		}
		anySession(w, r)
	}), false)
	c := sharing(t, node.URL, 1, client.WithTries(1), client.WithTimeout(time.Minute))
	patched := make(chan error, 1)
	go func() { _, err := c.Patch(t.Context(), token, sessnode.Edit{Unset: []string{"a"}}); patched <- err }() // ends with the release
	for node.framed.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // a third of it is for one try
	defer cancel()
	if _, err := c.Patch(ctx, token, sessnode.Edit{Unset: []string{"b"}}); !errors.Is(err, sessnode.ErrUnknown) {
		t.Errorf("the patch that gave up = %v", err)
	}
	if _, err := c.Read(t.Context(), token); err != nil || node.opened.Load() != 2 {
		t.Errorf("a read afterwards = %v, over connection %d, want the second", err, node.opened.Load())
	}
	close(release)
	if err := <-patched; err != nil {
		t.Errorf("the patch that was under way = %v", err)
	}
}

func TestSharedConnectionsNeedAPlainTransport(t *testing.T) {
	for name, opts := range map[string][]client.Option{
		"another transport": {client.WithTransport(&fakes{}), client.WithSharedConnections(2)},
		"too many":          {client.WithSharedConnections(65)},
		"less than none":    {client.WithSharedConnections(-1)},
	} {
		if _, err := client.New("http://n1:1", opts...); !errors.Is(err, sessnode.ErrInvalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	transport := client.DefaultTransport()
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS13}
	if _, err := client.New("http://n1:1", client.WithTransport(transport), client.WithSharedConnections(2)); err != nil {
		t.Error(err)
	}
}
