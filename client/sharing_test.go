package client_test

import (
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

// TestManyCallsShareFewConnections, and each gets its own answer.
func TestManyCallsShareFewConnections(t *testing.T) {
	for _, secure := range []bool{false, true} {
		node := newSharer(t, http.HandlerFunc(anySession), secure)
		transport := client.DefaultTransport()
		if secure {
			transport.TLSClientConfig = node.Client().Transport.(*http.Transport).TLSClientConfig
		}
		c := sharing(t, node.URL, 2, client.WithTransport(transport), client.WithTimeout(time.Minute))
		node.warm(t, c, 2)
		before := node.framed.Load()
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
		if opened, framed := node.opened.Load(), node.framed.Load()-before; opened != 2 || framed != 30*20*2 {
			t.Errorf("TLS %v: %d shared connections carried %d requests, want two and 1,200", secure, opened, framed)
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

// TestANodeThatLeavesTheQuestionUnansweredIsServedAsBefore: something between swallows it. One call waits for an answer, and those after it do not
// ask again.
func TestANodeThatLeavesTheQuestionUnansweredIsServedAsBefore(t *testing.T) {
	var asked atomic.Int64
	over := make(chan struct{})
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == frames.Path {
			asked.Add(1)
			<-over
			return
		}
		anySession(w, r)
	}))
	defer node.Close()
	defer close(over)
	c := sharing(t, node.URL, 4)
	for range 10 {
		if _, err := c.Touch(t.Context(), token, sessnode.TimeoutChange{}); err != nil {
			t.Errorf("Touch = %v", err)
		}
	}
	if got := asked.Load(); got != 1 {
		t.Errorf("it was asked %d times, want once", got)
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
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
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

// patient is a node that answers patches when it is released, and a client with one shared connection to it that tries once.
func patient(t *testing.T) (node *sharer, c *client.Client, release func()) {
	t.Helper()
	released := make(chan struct{})
	release = sync.OnceFunc(func() { close(released) })
	node = newSharer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			<-released
		}
		anySession(w, r)
	}), false)
	t.Cleanup(release)
	c = sharing(t, node.URL, 1, client.WithTries(1), client.WithTimeout(time.Minute))
	node.warm(t, c, 1)
	return node, c, release
}

// patching patches in the background.
func patching(ctx context.Context, c *client.Client) <-chan error {
	patched := make(chan error, 1)
	go func() { // ends with the call
		_, err := c.Patch(ctx, token, sessnode.Edit{Unset: []string{"a"}})
		patched <- err
	}()
	return patched
}

// TestACallThatGivesUpLeavesTheOthers: its context ends, theirs do not.
func TestACallThatGivesUpLeavesTheOthers(t *testing.T) {
	node, c, release := patient(t)
	before := node.framed.Load()
	stays := patching(t.Context(), c)
	node.await(t, before+1)
	ctx, cancel := context.WithCancel(t.Context())
	goes := patching(ctx, c)
	node.await(t, before+2)
	cancel()
	if err := <-goes; !errors.Is(err, sessnode.ErrUnknown) {
		t.Errorf("the patch that gave up = %v", err)
	}
	if _, err := c.Read(t.Context(), token); err != nil {
		t.Errorf("a read beside = %v", err)
	}
	release()
	if err := <-stays; err != nil {
		t.Errorf("the other patch = %v", err)
	}
}

// TestAConnectionThatIsGivenUpStillAnswers: when nothing came over it for a second and one call gave up, later calls take another connection, and
// what is under way over the old one is answered there.
func TestAConnectionThatIsGivenUpStillAnswers(t *testing.T) {
	node, c, release := patient(t)
	before, opened := node.framed.Load(), node.opened.Load()
	stays := patching(t.Context(), c)
	node.await(t, before+1)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // a third of it is for one try
	defer cancel()
	if err := <-patching(ctx, c); !errors.Is(err, sessnode.ErrUnknown) {
		t.Errorf("the patch that gave up = %v", err)
	}
	node.warm(t, c, opened+1)
	release()
	if err := <-stays; err != nil {
		t.Errorf("the patch that was under way = %v", err)
	}
}

// TestACallWithoutTimeLeavesAConnection to those that come after it: a node that is far away answers the question for one later than it can wait.
func TestACallWithoutTimeLeavesAConnection(t *testing.T) {
	node := newSharer(t, http.HandlerFunc(anySession), false)
	transport, slow := client.DefaultTransport(), make(chan struct{})
	var dialled atomic.Int64
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dialled.Add(1)
		<-slow
		return dial(ctx, network, address)
	}
	c := sharing(t, node.URL, 1, client.WithTransport(transport), client.WithTries(1))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := c.Patch(ctx, token, sessnode.Edit{Unset: []string{"a"}}); !errors.Is(err, sessnode.ErrUnavailable) {
		t.Errorf("a patch without the time for a connection = %v, want unavailable: nothing was sent", err)
	}
	close(slow)
	node.warm(t, c, 1)
	if opened := node.opened.Load(); opened != 1 || dialled.Load() != 1 {
		t.Errorf("%d connections were dialled and %d opened, want the one that the first call began", dialled.Load(), opened)
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
