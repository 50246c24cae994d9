package nodeport

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
)

// Call asks the node at addr ("HOST:PORT", or "ID@HOST:PORT" to accept only that node) and waits for its answer, until ctx
// ends. What is left of ctx's deadline becomes the handler's.
//
// The answer is the caller's to keep; body may be reused when Call has returned. The error is a *RemoteError when the handler
// answered one, and else a *CallError: ErrNotSent when the peer certainly did not get the call, ErrLost when its fate is not known.
// It is safe for concurrent use. Calls share one connection for each address; they are neither ordered nor repeated.
func (p *Port) Call(ctx context.Context, addr string, m Method, body []byte) ([]byte, error) {
	answer, err := p.attempt(ctx, addr, m, body)
	var failed *CallError
	if errors.As(err, &failed) && failed.Kind == ErrNotSent {
		p.stats.notSent.Add(1)
	} else if failed != nil {
		p.stats.lost.Add(1)
	}
	return answer, err
}

func (p *Port) attempt(ctx context.Context, addr string, m Method, body []byte) ([]byte, error) {
	if size := len(body) + callBytes - lengthBytes; size > p.cfg.MaxFrame {
		err := sessnode.Errorf(sessnode.CodeTooLarge, "", "call of %d bytes, allowed are %d", size, p.cfg.MaxFrame)
		return nil, &CallError{Addr: addr, Kind: ErrNotSent, Err: err}
	}
	if err := ctx.Err(); err != nil {
		return nil, &CallError{Addr: addr, Kind: ErrNotSent, Err: err}
	}
	peer := p.peer(addr)
	for retry := false; ; retry = true {
		link, err := peer.acquire(ctx)
		if err != nil {
			return nil, &CallError{Addr: addr, Kind: ErrNotSent, Err: err}
		}
		answer, err := link.call(ctx, m, body)
		// A peer that restarted leaves a dead connection behind. What was not written to it may go over a new one, once.
		if retry || ctx.Err() != nil || !errors.Is(err, ErrNotSent) || !errors.Is(err, errLinkEnded) {
			return answer, err
		}
	}
}

// errLinkEnded marks what met a link that had ended. Together with ErrNotSent it is worth another link.
// Ask is Call for who must not wait: told is called with the answer, once, on the goroutine that reads the connection, and so must not
// wait either. It is called before Ask returns only if the connection is just ending. No deadline is set: what a peer does not answer
// ends with the connection, which is given up when the peer has been silent for three seconds. Ask returns false, and has sent nothing,
// where no connection is there yet or as many calls are under way on it as may be: Call waits for these.
func (p *Port) Ask(addr string, m Method, body []byte, told func(answer []byte, err error)) bool {
	link := p.peer(addr).present()
	return link != nil && link.ask(m, body, told)
}

var errLinkEnded = errors.New("connection had ended")

func linkEnded(cause error) error { return fmt.Errorf("%w: %w", errLinkEnded, cause) }

// result is how a call ended.
type result struct {
	body []byte
	err  error
}

// call is one call under way, and its frame on the way out.
type call struct {
	link     *link
	id       uint64
	method   Method
	deadline time.Time
	bounded  bool
	done     chan result         // capacity 1; whoever sets finished sends
	told     func([]byte, error) // of Ask, in the place of done

	mu       sync.Mutex
	body     []byte
	written  bool // handed to the network: from here on the fate is not known
	finished bool
}

// appendTo takes the frame, with the time that is left now: waiting in the queue counts.
func (c *call) appendTo(dst []byte) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f := frame{kind: request, id: c.id, method: c.method, body: c.body}
	if c.bounded {
		f.timeout = time.Until(c.deadline)
	}
	if c.finished || c.bounded && f.timeout <= 0 {
		return dst, false
	}
	c.written = true
	c.link.port.stats.sent[c.method].Add(1)
	return appendFrame(dst, &f), true
}

func (*call) sent() {}

// unsent takes back what appendTo promised: the frame is certainly not with the peer.
func (c *call) unsent(cause error) {
	c.mu.Lock()
	c.written = false
	c.mu.Unlock()
	if errors.Is(cause, errWithdrawn) && c.bounded {
		cause = context.DeadlineExceeded
	} else {
		cause = linkEnded(cause)
	}
	c.abandon(cause)
}

// abandon ends the call without an answer: not sent when nothing was handed to the network, else lost.
func (c *call) abandon(cause error) {
	c.mu.Lock()
	kind := ErrNotSent
	if c.written {
		kind = ErrLost
	}
	c.mu.Unlock()
	c.finish(result{err: &CallError{Addr: c.link.addr, Kind: kind, Err: cause}})
}

// finish sets the result, once. The body is let go: the caller may reuse it from here on.
func (c *call) finish(r result) {
	c.mu.Lock()
	first := !c.finished
	c.finished, c.body = true, nil
	c.mu.Unlock()
	switch {
	case !first:
	case c.told != nil:
		<-c.link.places
		c.told(r.body, r.err)
	default:
		c.done <- r
	}
}

// control is a ping or a pong.
type control struct{ kind kind }

func (c control) appendTo(dst []byte) ([]byte, bool) {
	return appendFrame(dst, &frame{kind: c.kind}), true
}
func (control) sent()        {}
func (control) unsent(error) {}
