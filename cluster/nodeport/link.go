package nodeport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// link is the calling end of one connection.
type link struct {
	port    *Port
	conn    net.Conn
	tracked *trackedConn
	addr    string
	remote  string // the peer's node id
	out     *outbox
	places  chan struct{} // one for each call under way
	heard   atomic.Int64  // when something last came in, or the first of the waiting calls began; ns since start
	start   time.Time

	mu      sync.Mutex
	nextID  uint64
	pending map[uint64]*call
	broken  error // why the link ended; set once
}

func newLink(p *Port, conn net.Conn, tracked *trackedConn, addr, remote string) *link {
	return &link{
		port: p, conn: conn, tracked: tracked, addr: addr, remote: remote,
		out:    newOutbox(conn, &p.stats),
		places: make(chan struct{}, p.cfg.MaxInFlight),
		start:  time.Now(), pending: make(map[uint64]*call),
	}
}

// run reads answers until the connection ends, and returns why. The writer and the watch are gone when it returns.
func (l *link) run() error {
	var wg sync.WaitGroup
	ended := make(chan struct{})
	wg.Go(func() { l.fail(l.out.run()) })
	wg.Go(func() { l.watch(ended) })
	l.fail(l.read())
	close(ended)
	wg.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

func (l *link) read() error {
	r := bufio.NewReaderSize(l.conn, 64<<10)
	for {
		f, err := readFrame(r, l.port.cfg.MaxFrame)
		if err != nil {
			return err
		}
		l.port.stats.framesIn.Add(1)
		l.heard.Store(int64(time.Since(l.start)))
		switch f.kind {
		case response:
			l.settle(f.id, result{body: f.body})
		case failure:
			f.failure.Peer = l.remote
			l.settle(f.id, result{err: &f.failure})
		case pong:
		default:
			return fmt.Errorf("%w: kind %d from the answering end", ErrProtocol, f.kind)
		}
	}
}

// watch pings a silent peer and gives up on one that stays silent. It ends with the link.
func (l *link) watch(ended <-chan struct{}) {
	tick := time.NewTicker(pingAfter)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
		}
		l.mu.Lock()
		waiting := len(l.pending)
		l.mu.Unlock()
		silent := time.Since(l.start) - time.Duration(l.heard.Load())
		switch {
		case waiting == 0 || silent < pingAfter:
		case silent >= silentAfter:
			l.fail(fmt.Errorf("the peer has been silent for %v", silent.Round(time.Millisecond)))
			return
		default:
			_ = l.out.push(control{kind: ping}) // a closed box means that the link is ending anyway
		}
	}
}

// settle gives a call its result. An answer to a call that nobody waits for any more is dropped.
func (l *link) settle(id uint64, r result) {
	l.mu.Lock()
	c := l.pending[id]
	delete(l.pending, id)
	l.mu.Unlock()
	if c != nil {
		c.finish(r)
	}
}

// fail ends the link: calls that were not written get ErrNotSent, all others ErrLost. Only the first cause counts.
func (l *link) fail(cause error) {
	l.mu.Lock()
	if l.broken != nil {
		l.mu.Unlock()
		return
	}
	if cause == nil || errors.Is(cause, net.ErrClosed) {
		cause = ErrClosed
	}
	l.broken = cause
	pending := l.pending
	l.pending = nil
	l.mu.Unlock()
	_ = l.conn.Close()
	l.out.close(cause)
	for _, c := range pending {
		c.abandon(linkEnded(cause))
	}
}

// call sends one request and waits for its answer.
func (l *link) call(ctx context.Context, m Method, body []byte) ([]byte, error) {
	select {
	case l.places <- struct{}{}:
		defer func() { <-l.places }()
	case <-ctx.Done():
		return nil, l.notSent(ctx.Err())
	}
	c := &call{method: m, body: body, done: make(chan result, 1), link: l}
	c.deadline, c.bounded = ctx.Deadline()
	if err := l.send(c); err != nil {
		return nil, err
	}
	select {
	case r := <-c.done:
		return r.body, r.err
	case <-ctx.Done():
	}
	c.abandon(ctx.Err())
	l.mu.Lock()
	delete(l.pending, c.id)
	l.mu.Unlock()
	r := <-c.done // an answer that arrived meanwhile is as good as any
	return r.body, r.err
}

// ask sends one request whose answer is told. See Port.Ask.
func (l *link) ask(m Method, body []byte, told func([]byte, error)) bool {
	select {
	case l.places <- struct{}{}:
	default:
		return false
	}
	if l.send(&call{method: m, body: body, told: told, link: l}) != nil {
		<-l.places
		return false
	}
	return true
}

// send makes a call known, and its frame go out. An error means that neither happened.
func (l *link) send(c *call) error {
	l.mu.Lock()
	if l.broken != nil {
		defer l.mu.Unlock()
		return l.notSent(linkEnded(l.broken))
	}
	l.nextID++
	c.id = l.nextID
	if len(l.pending) == 0 {
		l.heard.Store(int64(time.Since(l.start)))
	}
	l.pending[c.id] = c
	l.mu.Unlock()
	if err := l.out.push(c); err != nil {
		c.unsent(err)
	}
	return nil
}

// ended reports whether the link takes no more calls.
func (l *link) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken != nil
}

func (l *link) notSent(cause error) error {
	return &CallError{Addr: l.addr, Kind: ErrNotSent, Err: cause}
}
