package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
)

// life is whether the node takes requests: it does until it drains, or fails.
type life struct {
	mu       sync.Mutex
	active   int           // requests under way
	draining bool          // not ready any more: load balancers should look elsewhere
	leaving  bool          // about to leave the cluster for good
	drained  bool          // likewise, at an operator's wish
	until    time.Time     // when drained ends by itself; zero: not
	closed   bool          // takes no new request
	ended    bool          // starts no new goroutine
	idle     chan struct{} // closed when closed and active is zero
	failure  error
}

// begin admits a request, which must end.
func (n *Node) begin() error {
	l := &n.life
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.failure != nil:
		return sessnode.Errorf(sessnode.CodeUnavailable, "", "this node has stopped itself: see its log")
	case l.closed:
		return sessnode.Errorf(sessnode.CodeUnavailable, "", "this node is shutting down")
	}
	l.active++
	return nil
}

func (n *Node) end() {
	l := &n.life
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active--
	if l.closed && l.active == 0 && l.idle != nil {
		close(l.idle)
		l.idle = nil
	}
}

// drain drains the node, for at most limit unless that is zero, or lets it work again.
func (l *life) drain(drained bool, limit time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drained, l.until = drained, time.Time{}
	if limit > 0 {
		l.until = time.Now().Add(limit) // with the monotonic clock: a jump of the wall clock neither shortens nor prolongs it
	}
}

// isDrained reports whether the node is drained. The caller holds mu.
func (l *life) isDrained() bool {
	return l.drained && (l.until.IsZero() || time.Now().Before(l.until))
}

// refuseNew lets no new request in, and waits for those under way until ctx ends.
func (l *life) refuseNew(ctx context.Context) error {
	l.mu.Lock()
	l.draining, l.closed = true, true
	if l.active == 0 {
		l.mu.Unlock()
		return nil
	}
	if l.idle == nil {
		l.idle = make(chan struct{})
	}
	idle := l.idle
	l.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// spawn starts a goroutine of the node for a request that may outlast Close. It returns false once Close waits for the last of them.
func (n *Node) spawn(f func()) bool {
	n.life.mu.Lock()
	defer n.life.mu.Unlock()
	if !n.life.ended {
		n.work.Go(f)
	}
	return !n.life.ended
}

// end makes spawn refuse.
func (l *life) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
}

// stopping reports whether trying again is pointless: the node closes or has failed.
func (n *Node) stopping() bool {
	n.life.mu.Lock()
	defer n.life.mu.Unlock()
	return n.life.failure != nil || n.ctx.Err() != nil
}

// fail stops the node for good, once: it serves nothing more, leaves Raft, and says so. A state that cannot be trusted must
// neither be read nor vote on.
func (n *Node) fail(err error) {
	n.life.mu.Lock()
	first := n.life.failure == nil
	if first {
		n.life.failure = err
	}
	n.life.mu.Unlock()
	if !first {
		return
	}
	n.log.Error("this node stops itself", "error", err)
	n.replica.stopped.Store(true)
	n.changed.fire()
	n.work.Go(n.abandonRaft)
	n.work.Go(func() { n.cfg.OnFailure(err) })
}

// abandonRaft leaves Raft for good. Its main loop may hang in a write while its heartbeats go on, and these would keep the
// others from electing another leader (hashicorp/raft#503): so its connections are closed first.
func (n *Node) abandonRaft() {
	<-n.opened
	if n.raft == nil {
		return // it failed before it began
	}
	_ = n.port.RaftLayer().Close()
	if err := n.shut(); err != nil {
		n.log.Warn("Raft could not be stopped", "error", err)
	}
}

// deadline bounds a request whose context has no deadline.
func (n *Node) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, n.cfg.Limits.Timeout)
}
