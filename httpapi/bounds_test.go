package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/httpapi"
)

// TestOverloadIsShed: beyond the bound a request is refused and certainly not done, while reads, logouts, health and operators get
// through.
func TestOverloadIsShed(t *testing.T) {
	b := newBench(t, func(c *httpapi.Config) { c.MaxInFlight = 2 })
	entered, leave := make(chan struct{}, 8), make(chan struct{})
	b.store.hook = func(context.Context) { entered <- struct{}{}; <-leave }
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { b.withToken("PATCH", "/session", "") })
		<-entered
	}
	a := b.withToken("PATCH", "/session", "")
	a.wants(t, "Service Unavailable unavailable/overload")
	if a.Header().Get("Retry-After") == "" {
		t.Error("503 came without Retry-After")
	}
	for _, path := range []string{"//livez", "//readyz", "//metrics", "//v1/cluster"} {
		if got := b.do("GET", path, "").Code; got != 200 {
			t.Errorf("GET %s under load = %d, want 200", path, got)
		}
	}
	for _, method := range []string{"GET", "DELETE"} { // who looks and who logs out has room of their own
		wg.Go(func() { b.withToken(method, "/session", "") })
		<-entered
	}
	close(leave)
	wg.Wait()
	b.store.hook = nil
	if got := b.withToken("PATCH", "/session", "").Code; got != 200 {
		t.Errorf("PATCH after the load = %d, want 200: the slots were not given back", got)
	}
}

// TestBodiesAreBounded: an announced length is refused unread, an unannounced one as soon as it is passed.
func TestBodiesAreBounded(t *testing.T) {
	b := newBench(t)
	fits := `{"set":{"a":"` + strings.Repeat("x", sessnode.MaxBodyBytes-16) + `"}}`
	if len(fits) != sessnode.MaxBodyBytes {
		t.Fatalf("the body has %d bytes", len(fits))
	}
	if got := b.withToken("PATCH", "/session", fits).Code; got != 200 {
		t.Errorf("PATCH of %d bytes = %d, want 200", len(fits), got)
	}
	b.withToken("PATCH", "/session", fits+" ").wants(t, "Request Entity Too Large too_large")

	endless := &counter{Reader: endlessSpace{}}
	for _, test := range []struct {
		length, read int64
	}{{-1, sessnode.MaxBodyBytes + 1}, {1 << 40, 0}} {
		endless.n = 0
		req := httptest.NewRequest("PATCH", "/v1/apps/web/session", endless)
		req.ContentLength, req.Host = test.length, "localhost"
		req.Header.Set("Session-Token", token.Reveal())
		rec := httptest.NewRecorder()
		b.api.ServeHTTP(rec, req)
		if rec.Code != 413 || endless.n > test.read || rec.Header().Get("Connection") != "close" {
			t.Errorf("endless body announced as %d = %d after %d bytes, want 413 after %d, and the connection closed", test.length, rec.Code, endless.n, test.read)
		}
	}
}

// TestBodiesOfManyRequestsAreBounded: memory is reserved before it is used.
func TestBodiesOfManyRequestsAreBounded(t *testing.T) {
	b := newBench(t, func(c *httpapi.Config) { c.MaxBodyBytes = sessnode.MaxBodyBytes })
	entered, leave := make(chan struct{}, 1), make(chan struct{})
	b.store.hook = func(context.Context) { entered <- struct{}{}; <-leave }
	var wg sync.WaitGroup
	wg.Go(func() { b.withToken("PATCH", "/session", "{}"+strings.Repeat(" ", sessnode.MaxBodyBytes-10)) })
	<-entered
	b.store.hook = nil
	b.withToken("PATCH", "/session", "{}         ").wants(t, "Service Unavailable unavailable/overload")
	if got := b.withToken("PATCH", "/session", "{}").Code; got != 200 {
		t.Errorf("a body that fits beside the other = %d, want 200", got)
	}
	close(leave)
	wg.Wait()
	if got := b.withToken("PATCH", "/session", "{}         ").Code; got != 200 {
		t.Errorf("PATCH after the load = %d, want 200: the bytes were not given back", got)
	}
}

// TestNobodysBodyIsReadBeforeTheirKey: strangers cost no memory.
func TestNobodysBodyIsReadBeforeTheirKey(t *testing.T) {
	b := newBench(t, withKeys)
	body := &counter{Reader: strings.NewReader(`{"set":{}}`)}
	req := httptest.NewRequest("PATCH", "/v1/apps/web/session", body)
	req.ContentLength = 10
	rec := httptest.NewRecorder()
	b.api.ServeHTTP(rec, req)
	if rec.Code != 401 || body.n != 0 || rec.Header().Get("Connection") != "close" {
		t.Errorf("PATCH of a stranger = %d after %d bytes, Connection %q", rec.Code, body.n, rec.Header().Get("Connection"))
	}
}

func TestCutOffBodyIsNotDone(t *testing.T) {
	b := newBench(t)
	req := httptest.NewRequest("PATCH", "/v1/apps/web/session", io.MultiReader(strings.NewReader(`{}`), broken{}))
	req.ContentLength, req.Host = 100, "localhost"
	req.Header.Set("Session-Token", token.Reveal())
	rec := httptest.NewRecorder()
	b.handler.ServeHTTP(rec, req)
	answer{rec}.wants(t, badRequest)
	if len(b.store.asked) != 0 {
		t.Error("half a body reached the store")
	}
}

// TestPanicIsAnUnknownOutcome: the answer says so, the log says where, and neither says on what.
func TestPanicIsAnUnknownOutcome(t *testing.T) {
	b := newBench(t, func(c *httpapi.Config) { c.MaxInFlight = 1 })
	for range 3 { // more than there are slots
		b.store.hook = func(context.Context) { panic("value with " + token.Reveal()) }
		a := b.withToken("PATCH", "/session", "")
		if _, outcome := a.problem(); a.Code != 500 || outcome != "unknown" || !strings.Contains(a.Body.String(), `"code":"unknown"`) {
			t.Errorf("panic = %d %s, want 500 and an unknown outcome", a.Code, a.Body)
		}
	}
	b.store.hook = func(context.Context) { var m map[string]int; m["x"] = 1 }
	b.withToken("PATCH", "/session", "")
	log := b.log.String()
	if strings.Contains(log, token.Reveal()) {
		t.Error("the token is in the log")
	}
	for _, want := range []string{"panic=string", "assignment to entry in nil map", "PATCH /v1/apps/{app}/session", "stack="} {
		if !strings.Contains(log, want) {
			t.Errorf("log lacks %q: %s", want, log)
		}
	}
}

type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

type endlessSpace struct{}

func (endlessSpace) Read(b []byte) (int, error) {
	return copy(b, bytes.Repeat([]byte{' '}, len(b))), nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
