package nodeport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sessnode/sessnode"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	echo Method = iota + 1
	fail
	hold
	remaining
	large
	whoami
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

func as(id string) func() Identity { return func() Identity { return Identity{NodeID: id} } }

// start serves a Port on loopback until the test ends.
func start(t *testing.T, id string, change ...func(*Config)) *Port {
	t.Helper()
	return serve(t, listen(t), id, change...)
}

func serve(t *testing.T, ln net.Listener, id string, change ...func(*Config)) *Port {
	t.Helper()
	cfg := Config{Keys: [][]byte{keyA}, Identity: as(id)}
	for _, f := range change {
		f(&cfg)
	}
	p := New(ln, cfg)
	p.Handle(echo, func(_ context.Context, _ string, body []byte) ([]byte, error) { return body, nil })
	p.Handle(whoami, func(_ context.Context, peer string, _ []byte) ([]byte, error) { return []byte(peer), nil })
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := p.Serve(); err != nil {
			t.Errorf("Serve() = %v", err)
		}
	})
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
		wg.Wait()
	})
	return p
}

func (p *Port) where() string { return p.ln.Addr().String() }

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestCallIsAnsweredByTheHandler(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	ctx := within(t, 10*time.Second)
	for _, body := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("y"), 1<<20)} {
		got, err := a.Call(ctx, b.where(), echo, body)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("Call(echo, %d bytes) = %d bytes, %v, want the same back", len(body), len(got), err)
		}
	}
	if got, err := a.Call(ctx, b.where(), whoami, nil); err != nil || string(got) != "a" {
		t.Errorf("the handler saw peer %q, %v, want a", got, err)
	}
}

func TestManyCallsShareOneConnection(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	ctx := within(t, 20*time.Second)
	const callers, each = 32, 50
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for j := range each {
				body := fmt.Appendf(nil, "%d/%d", i, j)
				if got, err := a.Call(ctx, b.where(), echo, body); err != nil || !bytes.Equal(got, body) {
					t.Errorf("Call(echo, %q) = %q, %v", body, got, err)
				}
			}
		})
	}
	wg.Wait()
	s := a.Stats()
	if s.Dialled != 1 {
		t.Errorf("Dialled = %d, want 1", s.Dialled)
	}
	if got := s.Methods[echo].Sent; got != callers*each {
		t.Errorf("Methods[echo].Sent = %d, want %d", got, callers*each)
	}
	if got := b.Stats().Methods[echo].Served; got != callers*each {
		t.Errorf("Methods[echo].Served = %d, want %d", got, callers*each)
	}
	if s.FramesOut != callers*each || s.BytesOut == 0 || s.BytesIn == 0 || s.Open != 1 {
		t.Errorf("Stats() = %+v, want %d frames out, bytes, one open connection", s, callers*each)
	}
}

func TestHandlersErrorTravelsWhole(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	b.Handle(fail, func(context.Context, string, []byte) ([]byte, error) {
		return nil, &sessnode.Error{
			Op: "create", App: "web", Reason: sessnode.ReasonOverload, Detail: "too much", RetryAfter: time.Second, Err: sessnode.ErrUnavailable,
		}
	})
	_, err := a.Call(within(t, 10*time.Second), b.where(), fail, nil)
	var remote *RemoteError
	if !errors.As(err, &remote) || remote.Peer != "b" || remote.Code != sessnode.CodeUnavailable {
		t.Fatalf("Call = %#v, want a RemoteError of b with code unavailable", err)
	}
	var domain *sessnode.Error
	if !errors.Is(err, sessnode.ErrUnavailable) || !errors.As(err, &domain) || sessnode.ReasonOf(err) != sessnode.ReasonOverload {
		t.Errorf("Call = %v, want what errors.Is(ErrUnavailable) and ReasonOf see", err)
	}
	if domain.RetryAfter != time.Second || domain.Op != "create" || domain.App != "web" || domain.Detail != "too much" {
		t.Errorf("error = %+v, want all fields", domain)
	}
	if errors.Is(err, ErrNotSent) || errors.Is(err, ErrLost) {
		t.Errorf("Call = %v: an answer is neither not sent nor lost", err)
	}
}

func TestPlainErrorPromisesNothing(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	b.Handle(fail, func(context.Context, string, []byte) ([]byte, error) { return nil, errors.New("disk on fire") })
	if _, err := a.Call(within(t, 10*time.Second), b.where(), fail, nil); !errors.Is(err, sessnode.ErrUnknown) {
		t.Errorf("Call = %v, want ErrUnknown", err)
	}
}

func TestUnknownMethodWasCertainlyNotDone(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	if _, err := a.Call(within(t, 10*time.Second), b.where(), 200, nil); !errors.Is(err, sessnode.ErrUnavailable) {
		t.Errorf("Call(unknown method) = %v, want ErrUnavailable", err)
	}
}

func TestDeadlineReachesTheHandlerAsTimeLeft(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	b.Handle(remaining, func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
		at, ok := ctx.Deadline()
		if !ok {
			return []byte("none"), nil
		}
		return []byte(time.Until(at).String()), nil
	})
	got, err := a.Call(within(t, 30*time.Second), b.where(), remaining, nil)
	left, perr := time.ParseDuration(string(got))
	if err != nil || perr != nil || left > 30*time.Second || left < 15*time.Second {
		t.Errorf("handler had %q left, %v, want a little less than 30s", got, err)
	}
	if got, err := a.Call(context.Background(), b.where(), remaining, nil); err != nil || string(got) != "none" {
		t.Errorf("handler had %q left, %v, want none", got, err)
	}
}

// holding makes p's handler of hold wait until release is called or its context ends; entered counts.
func holding(p *Port) (entered chan string, release func()) {
	entered, gate := make(chan string, 64), make(chan struct{})
	p.Handle(hold, func(ctx context.Context, peer string, body []byte) ([]byte, error) {
		entered <- peer
		select {
		case <-gate:
			return body, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	return entered, sync.OnceFunc(func() { close(gate) })
}

func TestNobodyThereIsNotSent(t *testing.T) {
	a := start(t, "a")
	ln := listen(t)
	ln.Close()
	_, err := a.Call(within(t, 10*time.Second), ln.Addr().String(), echo, nil)
	if !errors.Is(err, ErrNotSent) || !errors.Is(err, sessnode.ErrUnavailable) || errors.Is(err, ErrLost) {
		t.Errorf("Call(closed port) = %v, want ErrNotSent", err)
	}
	if s := a.Stats(); s.NotSent != 1 || s.Lost != 0 {
		t.Errorf("Stats() = %+v, want one not sent", s)
	}
}

func TestWrongKeyIsNotSentAndSaysSo(t *testing.T) {
	a, b := start(t, "a"), start(t, "b", func(c *Config) { c.Keys = [][]byte{keyB} })
	_, err := a.Call(within(t, 10*time.Second), b.where(), echo, nil)
	if !errors.Is(err, ErrNotSent) || !errors.Is(err, ErrWrongKey) {
		t.Errorf("Call = %v, want ErrNotSent and ErrWrongKey", err)
	}
}

func TestPeerThatDiesLosesTheCallsUnderWay(t *testing.T) {
	a := start(t, "a")
	b := start(t, "b")
	entered, release := holding(b)
	defer release()
	got := make(chan error, 1)
	go func() {
		_, err := a.Call(context.Background(), b.where(), hold, nil)
		got <- err
	}()
	<-entered
	for _, conn := range b.tracked() {
		conn.Conn.Close()
	}
	if err := <-got; !errors.Is(err, ErrLost) || !errors.Is(err, sessnode.ErrUnknown) || errors.Is(err, ErrNotSent) {
		t.Errorf("Call = %v, want ErrLost", err)
	}
}

func TestCallerThatGivesUpAfterSendingDoesNotKnow(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	entered, release := holding(b)
	defer release()
	ctx, cancel := context.WithCancel(context.Background())
	got := make(chan error, 1)
	go func() {
		_, err := a.Call(ctx, b.where(), hold, nil)
		got <- err
	}()
	<-entered
	cancel()
	if err := <-got; !errors.Is(err, ErrLost) || !errors.Is(err, context.Canceled) {
		t.Errorf("Call = %v, want ErrLost and context.Canceled", err)
	}
}

func TestCallerThatGivesUpBeforeSendingKnows(t *testing.T) {
	a, b := start(t, "a", func(c *Config) { c.MaxInFlight = 1 }), start(t, "b")
	entered, release := holding(b)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := a.Call(context.Background(), b.where(), hold, nil); err != nil {
			t.Errorf("first Call = %v", err)
		}
	})
	<-entered
	_, err := a.Call(within(t, 20*time.Millisecond), b.where(), hold, nil)
	if !errors.Is(err, ErrNotSent) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Call past MaxInFlight = %v, want ErrNotSent and DeadlineExceeded", err)
	}
	release()
	wg.Wait()
	if got := b.Stats().Methods[hold].Served; got != 1 {
		t.Errorf("handler ran %d times, want once", got)
	}
}

func TestPeerThatRestartsIsDialledAgain(t *testing.T) {
	a := start(t, "a")
	ln := listen(t)
	addr := ln.Addr().String()
	first := serve(t, ln, "b")
	ctx := within(t, 20*time.Second)
	if _, err := a.Call(ctx, addr, echo, nil); err != nil {
		t.Fatalf("Call = %v", err)
	}
	first.Close()
	again, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, again, "b")
	for {
		_, err := a.Call(ctx, addr, echo, []byte("x"))
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("Call after the restart = %v", err)
		}
	}
	if s := a.Stats(); s.Dialled != 2 {
		t.Errorf("Dialled = %d, want 2", s.Dialled)
	}
}

func TestTooLargeIsRefusedOnEitherSide(t *testing.T) {
	small := func(c *Config) { c.MaxFrame = 4096 }
	a, b := start(t, "a", small), start(t, "b", small)
	ctx := within(t, 10*time.Second)
	if _, err := a.Call(ctx, b.where(), echo, make([]byte, 5000)); !errors.Is(err, ErrNotSent) || !errors.Is(err, sessnode.ErrTooLarge) {
		t.Errorf("Call(5000 bytes) = %v, want ErrNotSent and ErrTooLarge", err)
	}
	b.Handle(large, func(context.Context, string, []byte) ([]byte, error) { return make([]byte, 5000), nil })
	if _, err := a.Call(ctx, b.where(), large, nil); !errors.Is(err, sessnode.ErrUnknown) {
		t.Errorf("Call with an answer of 5000 bytes = %v, want ErrUnknown: the handler did run", err)
	}
	if _, err := a.Call(ctx, b.where(), echo, make([]byte, 4096-callBytes+lengthBytes)); err != nil {
		t.Errorf("Call with the largest body = %v", err)
	}
}

func TestAnotherNodeAtAPinnedAddressIsRefused(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	ctx := within(t, 10*time.Second)
	if _, err := a.Call(ctx, Pinned("b", b.where()), echo, nil); err != nil {
		t.Errorf("Call(b@...) = %v", err)
	}
	if _, err := a.Call(ctx, Pinned("c", b.where()), echo, nil); !errors.Is(err, ErrWrongNode) || !errors.Is(err, ErrNotSent) {
		t.Errorf("Call(c@...) = %v, want ErrWrongNode", err)
	}
}

func TestConnectionsOfAnEarlierIdentityEnd(t *testing.T) {
	var cluster atomic.Pointer[string]
	none := ""
	cluster.Store(&none)
	a := start(t, "a", func(c *Config) {
		c.Identity = func() Identity { return Identity{NodeID: "a", Cluster: *cluster.Load()} }
	})
	b := start(t, "b", func(c *Config) { c.Identity = func() Identity { return Identity{NodeID: "b", Cluster: "theirs"} } })
	ctx := within(t, 10*time.Second)
	if _, err := a.Call(ctx, b.where(), echo, nil); err != nil {
		t.Fatalf("Call of a fresh node = %v", err)
	}
	if _, err := b.Call(ctx, a.where(), echo, nil); err != nil {
		t.Fatalf("Call to a fresh node = %v", err)
	}
	ours := "ours"
	cluster.Store(&ours)
	if _, err := a.Call(ctx, b.where(), echo, nil); !errors.Is(err, ErrWrongCluster) {
		t.Errorf("Call after founding another cluster = %v, want ErrWrongCluster", err)
	}
	a.CloseStale()
	var err error
	for err = nil; err == nil || errors.Is(err, ErrLost); { // the end of the connection takes a moment to arrive
		_, err = b.Call(ctx, a.where(), echo, nil)
	}
	if !errors.Is(err, ErrWrongCluster) {
		t.Errorf("Call from the other side = %v, want ErrWrongCluster", err)
	}
}

func TestCloseWaitsForHandlersAndFailsCalls(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	entered := make(chan struct{})
	var returned atomic.Bool
	b.Handle(hold, func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
		close(entered)
		<-ctx.Done()
		returned.Store(true)
		return nil, ctx.Err()
	})
	got := make(chan error, 1)
	go func() {
		_, err := a.Call(context.Background(), b.where(), hold, nil)
		got <- err
	}()
	<-entered
	b.Close()
	if !returned.Load() {
		t.Error("Close returned before the handler did")
	}
	if err := <-got; !errors.Is(err, sessnode.ErrUnknown) {
		t.Errorf("Call = %v, want ErrUnknown", err)
	}
	if _, err := b.Call(context.Background(), a.where(), echo, nil); !errors.Is(err, ErrNotSent) || !errors.Is(err, ErrClosed) {
		t.Errorf("Call of a closed port = %v, want ErrNotSent and ErrClosed", err)
	}
}
