package nodeport

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"github.com/sessnode/sessnode"
)

// greeted opens a connection of calls by hand, as a peer that knows the key and then misbehaves.
func greeted(t *testing.T, p *Port) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.where())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := runEnd(conn, end{keyA, Identity{NodeID: "rogue"}}, dialler); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte{carriesCalls}); err != nil {
		t.Fatal(err)
	}
	return conn
}

// ended fails the test unless the other end closes the connection.
func ended(t *testing.T, conn net.Conn, what string) {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, err := io.Copy(io.Discard, conn)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("%s: the connection was left open", what)
	}
}

func TestSilentStrangerIsShutOut(t *testing.T) {
	b := start(t, "b", func(c *Config) { c.HandshakeTimeout = 50 * time.Millisecond })
	for what, say := range map[string]string{"nothing": "", "half a length": "\x00", "half a hello": "\x00\x40SNOD\x01\x01abc"} {
		conn, err := net.Dial("tcp", b.where())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, say)
		ended(t, conn, what)
		conn.Close()
	}
	conn, err := net.Dial("tcp", b.where())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := runEnd(conn, end{keyA, Identity{NodeID: "slow"}}, dialler); err != nil {
		t.Fatal(err)
	}
	ended(t, conn, "challenge passed, but never said Raft or calls")
	conn.Close()
	if got := b.Stats().Refused; got != 4 {
		t.Errorf("Refused = %d, want 4", got)
	}
}

func TestGarbageAfterTheChallengeEndsTheConnection(t *testing.T) {
	b := start(t, "b")
	for what, say := range map[string]string{
		"oversized":      "\xff\xff\xff\xff",
		"too short":      "\x00\x00\x00\x01\x01",
		"unknown kind":   "\x00\x00\x00\x09\x63\x00\x00\x00\x00\x00\x00\x00\x00",
		"an answer":      string(appendFrame(nil, &frame{kind: response, id: 1})),
		"short request":  "\x00\x00\x00\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00",
		"half a request": "\x00\x00\xff\x00\x01",
	} {
		conn := greeted(t, b)
		_, _ = io.WriteString(conn, say)
		if what == "half a request" {
			_ = conn.(*net.TCPConn).CloseWrite()
		}
		ended(t, conn, what)
	}
	a := start(t, "a")
	if _, err := a.Call(within(t, 10*time.Second), b.where(), echo, nil); err != nil {
		t.Errorf("Call by an honest node afterwards = %v", err)
	}
}

func TestPeerThatPassesTheLimitIsAnsweredOverload(t *testing.T) {
	b := start(t, "b", func(c *Config) { c.MaxInFlight = 2 })
	_, release := holding(b)
	conn := greeted(t, b)
	var wire []byte
	for i := range 5 { // twice the limit, and one
		wire = appendFrame(wire, &frame{kind: request, id: uint64(i), method: hold})
	}
	if _, err := conn.Write(wire); err != nil {
		t.Fatal(err)
	}
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, binary.BigEndian.Uint32(head[:]))
	if _, err := io.ReadFull(conn, body); err != nil {
		t.Fatal(err)
	}
	f, err := decodeFrame(body)
	if err != nil || f.id != 4 || f.failure.Code != sessnode.CodeUnavailable || f.failure.Reason != sessnode.ReasonOverload {
		t.Errorf("answer to the fifth call = %+v, %v, want unavailable (overload)", f, err)
	}
	release()
}

// brittle is a connection that breaks after so many more bytes were written, once armed.
type brittle struct {
	net.Conn
	mu   sync.Mutex
	left int // -1 = not armed
}

func (b *brittle) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < 0 {
		return b.Conn.Write(p)
	}
	n := min(b.left, len(p))
	b.left -= n
	n, err := b.Conn.Write(p[:n])
	if err == nil && n < len(p) {
		err = errors.New("cable cut")
	}
	return n, err
}

func TestOnlyAFrameThatWasWrittenWholeCanBeLost(t *testing.T) {
	size := callBytes + len("body")
	for _, c := range []struct {
		bytes int
		want  error
	}{{0, ErrNotSent}, {1, ErrNotSent}, {size - 1, ErrNotSent}, {size, ErrLost}} {
		b := start(t, "b")
		var conn *brittle
		dials := 0
		a := start(t, "a", func(cfg *Config) {
			cfg.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
				if dials++; dials > 1 {
					return nil, errors.New("no second connection in this test")
				}
				raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
				conn = &brittle{Conn: raw, left: -1}
				return conn, err
			}
		})
		if _, err := a.Call(within(t, 10*time.Second), b.where(), echo, nil); err != nil {
			t.Fatal(err)
		}
		served := make(chan struct{}, 1)
		b.Handle(hold, func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
			served <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		})
		conn.mu.Lock()
		conn.left = c.bytes
		conn.mu.Unlock()
		if c.want == ErrLost {
			go func() { <-served; conn.Conn.Close() }()
		}
		_, err := a.Call(within(t, 10*time.Second), b.where(), hold, []byte("body"))
		if !errors.Is(err, c.want) {
			t.Errorf("Call with %d of %d bytes written = %v, want %v", c.bytes, size, err, c.want)
		}
	}
}

// pipes is a listener and dialler without a network, for tests in a bubble of fake time.
type pipes struct {
	conns  chan net.Conn
	done   chan struct{}
	once   sync.Once
	change func(net.Conn) net.Conn // what the acceptor sees
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial(ctx context.Context, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		if p.change != nil {
			conn = p.change(conn)
		}
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return advertised("pipe") }

// deaf is a connection whose far side vanishes without a word: once deaf, what is written to it goes nowhere.
type deaf struct {
	net.Conn
	gone *bool
	mu   *sync.Mutex
}

func (d deaf) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if *d.gone {
		return len(p), nil
	}
	return d.Conn.Write(p)
}

func TestHalfOpenConnectionIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		gone := false
		network := newPipes()
		network.change = func(c net.Conn) net.Conn { return deaf{c, &gone, &mu} }
		b := serve(t, network, "b")
		a := serve(t, newPipes(), "a", func(c *Config) { c.Dial = network.dial })
		entered, release := holding(b)
		defer release()
		begin := time.Now()
		go func() { <-entered; time.Sleep(10 * time.Second); mu.Lock(); gone = true; mu.Unlock() }()
		_, err := a.Call(context.Background(), "b", hold, nil)
		// The first ten seconds, in which the handler is slow and the pings are answered, must not count.
		if took := time.Since(begin); took < 12*time.Second || took > 15*time.Second {
			t.Errorf("call over a dead connection ended after %v, want about %v after the last pong", took, silentAfter)
		}
		if !errors.Is(err, ErrLost) {
			t.Errorf("Call = %v, want ErrLost", err)
		}
		mu.Lock()
		gone = false
		mu.Unlock()
		if _, err := a.Call(context.Background(), "b", echo, nil); err != nil {
			t.Errorf("Call over a new connection = %v", err)
		}
	})
}

func TestDeadHostIsNotDialledInATightLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		a := serve(t, newPipes(), "a", func(c *Config) {
			c.Dial = func(context.Context, string) (net.Conn, error) { dials++; return nil, errors.New("refused") }
		})
		for range 1000 {
			if _, err := a.Call(context.Background(), "b", echo, nil); !errors.Is(err, ErrNotSent) {
				t.Fatalf("Call = %v, want ErrNotSent", err)
			}
			time.Sleep(time.Millisecond)
		}
		if dials < 10 || dials > 25 {
			t.Errorf("%d dials in a second, want about 20", dials)
		}
	})
}

func TestRaftAndCallsShareThePort(t *testing.T) {
	a, b := start(t, "a"), start(t, "b", func(c *Config) { c.Advertise = "node.example:7000" })
	if got := b.RaftLayer().Addr().String(); got != "node.example:7000" {
		t.Errorf("Addr() = %q, want the advertised one", got)
	}
	over := func(p *Port) *raft.NetworkTransport {
		tr := raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{Stream: p.RaftLayer(), MaxPool: 1, Timeout: 10 * time.Second})
		t.Cleanup(func() { tr.Close() })
		return tr
	}
	ta, tb := over(a), over(b)
	go func() {
		rpc := <-tb.Consumer()
		rpc.Respond(&raft.RequestVoteResponse{Term: 7}, nil)
	}()
	var resp raft.RequestVoteResponse
	target := raft.ServerAddress(Pinned("b", b.where()))
	if err := ta.RequestVote("b", target, &raft.RequestVoteRequest{Term: 7}, &resp); err != nil || resp.Term != 7 {
		t.Fatalf("RequestVote = %+v, %v", resp, err)
	}
	if s := a.Stats(); s.RaftBytesOut == 0 || s.RaftBytesIn == 0 || s.RaftBytesOut >= s.BytesOut {
		t.Errorf("Stats() = %+v, want Raft's bytes counted, and fewer than all", s)
	}
	// When Raft goes, calls must still be answered: the node may have to say why.
	tb.Close()
	if got := b.Stats().Open; got != 0 {
		t.Errorf("%d connections are open after Raft's end, want none", got)
	}
	if _, err := a.Call(within(t, 10*time.Second), b.where(), echo, nil); err != nil {
		t.Errorf("Call after Raft's end = %v", err)
	}
	if _, err := a.RaftLayer().Dial(raft.ServerAddress(Pinned("c", b.where())), time.Second); !errors.Is(err, ErrWrongNode) {
		t.Errorf("Dial(c@...) = %v, want ErrWrongNode", err)
	}
	if _, err := b.RaftLayer().Accept(); !errors.Is(err, ErrClosed) {
		t.Errorf("Accept after Close = %v, want ErrClosed", err)
	}
}

// certificate is one self-signed certificate that both nodes use and trust.
func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"sessnode-peer"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		RootCAs:      pool, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
		ServerName: "sessnode-peer", MinVersion: tls.VersionTLS13,
	}
}

func TestTLSGoesAroundEverything(t *testing.T) {
	cfg := certificate(t)
	secure := func(c *Config) { c.TLS = cfg }
	a, b, plain := start(t, "a", secure), start(t, "b", secure), start(t, "c")
	ctx := within(t, 10*time.Second)
	if got, err := a.Call(ctx, b.where(), echo, []byte("x")); err != nil || string(got) != "x" {
		t.Errorf("Call over TLS = %q, %v", got, err)
	}
	if _, err := plain.Call(ctx, b.where(), echo, nil); !errors.Is(err, ErrNotSent) {
		t.Errorf("Call without TLS = %v, want ErrNotSent", err)
	}
}
