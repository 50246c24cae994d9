package nodeport

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// What the byte after the challenge says.
const (
	carriesRaft  = 1
	carriesCalls = 2
)

const (
	// maxGreeting is how many connections may be in their challenge at once: strangers cannot use up all file descriptors.
	maxGreeting = 1024
	// A connection on which answers are awaited and nothing was heard for pingAfter is pinged; after silentAfter it is given
	// up, so that a peer that vanished without a word does not swallow calls until TCP notices.
	pingAfter   = time.Second
	silentAfter = 3 * time.Second
	// refuseFor is how long after a failed dial calls to that address fail at once, instead of dialling in a tight loop.
	refuseFor = 50 * time.Millisecond
)

// Port is one node's end of the node port. New makes it; Handle before Serve; Close ends it.
type Port struct {
	cfg      Config
	ln       net.Listener
	raft     *raftLayer
	stats    counters
	greeting chan struct{} // a place for each connection in its challenge

	ctx    context.Context // ends at Close
	cancel context.CancelFunc
	wg     sync.WaitGroup // every goroutine of the Port

	handlersMu sync.RWMutex
	handlers   map[Method]handling

	mu     sync.Mutex
	closed bool
	conns  map[*trackedConn]struct{}
	ring   ring // the keys of challenges

	peersMu sync.Mutex // taken before a peer's own mutex, and that before mu
	peers   map[string]*peer
}

// New makes a Port on a listener, which it owns from now on. Calls can be made at once; they are taken in from Serve on.
func New(ln net.Listener, cfg Config) *Port {
	ctx, cancel := context.WithCancel(context.Background())
	p := &Port{
		cfg: cfg.withDefaults(), ln: ln,
		greeting: make(chan struct{}, maxGreeting),
		ctx:      ctx, cancel: cancel,
		handlers: make(map[Method]handling),
		conns:    make(map[*trackedConn]struct{}),
		peers:    make(map[string]*peer),
		ring:     newRing(cfg.Keys),
	}
	p.raft = newRaftLayer(p)
	return p
}

// handling is a handler, and whether it runs on the goroutine that reads the connection.
type handling struct {
	handler Handler
	atOnce  bool
}

// Handle sets the handler of a method, replacing an earlier one. A call of a method without one is answered unavailable,
// reason "no_method": it was certainly not done.
func (p *Port) Handle(m Method, h Handler) { p.handle(m, handling{handler: h}) }

// HandleAtOnce is Handle for a handler that never waits. It runs on the goroutine that reads the connection, which spares starting one and
// holds up every other call of that peer meanwhile; its context has no deadline.
func (p *Port) HandleAtOnce(m Method, h Handler) { p.handle(m, handling{handler: h, atOnce: true}) }

func (p *Port) handle(m Method, h handling) {
	p.handlersMu.Lock()
	defer p.handlersMu.Unlock()
	p.handlers[m] = h
}

func (p *Port) handler(m Method) handling {
	p.handlersMu.RLock()
	defer p.handlersMu.RUnlock()
	return p.handlers[m]
}

// RaftLayer returns Raft's side of the port, always the same one. Closing it closes Raft's connections and no others.
func (p *Port) RaftLayer() raft.StreamLayer { return p.raft }

// Serve takes in connections until Close, and then returns nil. Any other end of the listener is returned as an error.
func (p *Port) Serve() error {
	delay := 5 * time.Millisecond
	for {
		conn, err := p.ln.Accept()
		switch {
		case p.ctx.Err() != nil:
			if err == nil {
				_ = conn.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			// Most likely out of file descriptors: that passes when a connection ends.
			p.cfg.Logger.Warn("node port cannot accept", "err", err, "retry_in", delay)
			select {
			case <-time.After(delay):
				delay = min(2*delay, time.Second)
			case <-p.ctx.Done():
			}
			continue
		}
		delay = 5 * time.Millisecond
		p.take(conn)
	}
}

// take starts the life of an accepted connection.
func (p *Port) take(conn net.Conn) {
	select {
	case p.greeting <- struct{}{}:
	default:
		p.stats.refused.Add(1)
		_ = conn.Close()
		return
	}
	tracked, ok := p.track(conn)
	if !ok {
		<-p.greeting
		return
	}
	if !p.spawn(func() { p.welcome(tracked) }) {
		<-p.greeting
		_ = tracked.Close()
	}
}

// welcome runs the challenge with a peer that dialled, and then whatever the connection carries. It gives up its place in
// p.greeting when the challenge is over.
func (p *Port) welcome(tracked *trackedConn) {
	conn, remote, carries, err := p.greet(tracked)
	<-p.greeting
	if err != nil {
		p.refuse(tracked, err)
		return
	}
	p.stats.taken.Add(1)
	switch carries {
	case carriesRaft:
		tracked.raft.Store(true)
		p.raft.offer(conn)
	case carriesCalls:
		p.serveCalls(conn, remote)
	}
}

// greet is the accepting end of the challenge, and reads what the connection will carry.
func (p *Port) greet(tracked *trackedConn) (net.Conn, Identity, byte, error) {
	_ = tracked.SetDeadline(time.Now().Add(p.cfg.HandshakeTimeout))
	var conn net.Conn = tracked
	if p.cfg.TLS != nil {
		conn = tls.Server(tracked, p.cfg.TLS)
	}
	h, err := newHandshake(p.keys(), tracked.identity, acceptor)
	if err != nil {
		return nil, Identity{}, 0, err
	}
	remote, err := h.run(conn)
	if err == nil {
		err = p.admit(tracked, h.key)
	}
	if err != nil {
		return nil, Identity{}, 0, err
	}
	var carries [1]byte
	if _, err := conn.Read(carries[:]); err != nil {
		return nil, Identity{}, 0, err
	}
	if carries[0] != carriesRaft && carries[0] != carriesCalls {
		return nil, Identity{}, 0, ErrProtocol
	}
	return conn, remote, carries[0], conn.SetDeadline(time.Time{})
}

// refuse closes a connection whose challenge failed, and tells the log: loudly where an operator must act.
func (p *Port) refuse(conn net.Conn, err error) {
	p.stats.refused.Add(1)
	level := slog.LevelDebug
	for _, loud := range []error{ErrWrongKey, ErrWrongCluster, ErrWrongGeneration, ErrSameNode, ErrVersion} {
		if errors.Is(err, loud) {
			level = slog.LevelWarn
		}
	}
	p.cfg.Logger.Log(p.ctx, level, "node port refused a connection", "remote", conn.RemoteAddr().String(), "err", err)
	_ = conn.Close()
}

// CloseStale closes every connection whose challenge was made under another identity than the present one. Call it when the
// node has come to belong to a cluster or to another generation: what was allowed to a fresh node may not be any longer.
func (p *Port) CloseStale() {
	now := p.cfg.Identity()
	for _, conn := range p.tracked() {
		if conn.identity != now {
			_ = conn.Close()
		}
	}
}

// Close ends Serve, breaks every connection, and waits for all goroutines, handlers included: a handler that does not heed
// its context holds it up. Calls under way end in ErrNotSent or ErrLost. It is safe to call it again.
func (p *Port) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	err := p.ln.Close()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	_ = p.raft.Close()
	for _, conn := range p.tracked() {
		_ = conn.Close()
	}
	p.wg.Wait()
	return err
}

// spawn starts a goroutine that Close waits for; after Close it starts nothing and returns false.
func (p *Port) spawn(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.wg.Go(f)
	return true
}

// track makes the Port know a connection; after Close it closes it and returns false.
func (p *Port) track(conn net.Conn) (*trackedConn, bool) {
	tracked := &trackedConn{Conn: conn, port: p, identity: p.cfg.Identity()}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = conn.Close()
		return nil, false
	}
	p.conns[tracked] = struct{}{}
	return tracked, true
}

func (p *Port) forget(conn *trackedConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}

func (p *Port) tracked() []*trackedConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]*trackedConn, 0, len(p.conns))
	for conn := range p.conns {
		all = append(all, conn)
	}
	return all
}
