package nodeport

import (
	"errors"
	"net"
	"sync"
	"time"
)

// outgoing is one frame that waits to be written. The outbox calls appendTo, and then exactly one of the other two; or, when
// appendTo declined or was never reached, unsent alone.
type outgoing interface {
	// appendTo adds the frame to dst, or declines because nobody wants it any more.
	appendTo(dst []byte) ([]byte, bool)
	// sent is called when the network has taken the whole frame.
	sent()
	// unsent is called when the network certainly did not take the frame to its end.
	unsent(cause error)
}

const (
	// gatherBytes is how much is gathered into one write at most (but a larger frame goes in one piece).
	gatherBytes = 256 << 10
	// writeTimeout is how long a peer may let its receive buffer be full before the connection is given up.
	writeTimeout = 10 * time.Second
)

// outbox writes the frames of one connection. What gathers while one write is under way goes out in the next, as one write:
// no timer, no delay when idle. A frame that finds nothing under way is written by whoever pushes it, as far as the network takes it
// without waiting: that spares waking the writer.
type outbox struct {
	conn   net.Conn
	direct *direct // nil where only the writer may write
	stats  *counters
	ready  chan struct{} // capacity 1: something waits, or the box was closed

	mu     sync.Mutex
	queue  []outgoing
	busy   bool     // somebody writes
	half   outgoing // what was begun without the writer and is left to it, with rest: bytes that go before all others
	rest   []byte
	closed error // why nothing is taken any more
}

func newOutbox(conn net.Conn, stats *counters) *outbox {
	return &outbox{conn: conn, direct: newDirect(conn), stats: stats, ready: make(chan struct{}, 1)}
}

// push writes a frame, or queues it. It does not wait for the network. After close it returns the reason, and the frame is the caller's
// again.
func (o *outbox) push(f outgoing) error {
	o.mu.Lock()
	if o.closed != nil {
		defer o.mu.Unlock()
		return o.closed
	}
	if o.direct == nil || o.busy || o.half != nil || len(o.queue) > 0 {
		o.queue = append(o.queue, f)
		o.mu.Unlock()
		o.wake()
		return nil
	}
	o.busy = true
	o.mu.Unlock()
	half, rest := o.writeDirect(f)
	o.mu.Lock()
	o.busy, o.half, o.rest = false, half, rest
	waits := half != nil || len(o.queue) > 0 || o.closed != nil
	o.mu.Unlock()
	if waits {
		o.wake()
	}
	return nil
}

// writeDirect writes a frame as far as that needs no waiting, and returns what the writer must go on with. The caller has set busy.
func (o *outbox) writeDirect(f outgoing) (half outgoing, rest []byte) {
	buf, ok := f.appendTo(o.direct.buf[:0])
	if !ok {
		f.unsent(errWithdrawn)
		return nil, nil
	}
	o.stats.framesOut.Add(1) // before the answer can be there
	if rest = o.direct.write(buf); len(rest) > 0 {
		o.direct.buf = nil // the writer's now
		return f, rest
	}
	if o.direct.buf = buf; cap(buf) > gatherBytes {
		o.direct.buf = nil
	}
	f.sent()
	return nil, nil
}

// close makes run return and disowns what still waits. Closing the connection, which ends a write under way, is the caller's.
func (o *outbox) close(cause error) {
	o.mu.Lock()
	if o.closed != nil {
		o.mu.Unlock()
		return
	}
	if cause == nil {
		cause = ErrClosed
	}
	o.closed = cause
	left := o.queue
	o.queue = nil
	o.mu.Unlock()
	o.wake()
	for _, f := range left {
		f.unsent(cause)
	}
}

func (o *outbox) wake() {
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

// run writes until close is called or a write fails, and returns why.
func (o *outbox) run() error {
	var buf []byte
	for {
		batch, err := o.take()
		if err == nil {
			err = o.finishHalf()
		}
		for err == nil && len(batch) > 0 {
			batch, buf, err = o.write(batch, buf[:0])
		}
		if err != nil {
			o.disown(batch, err)
			return err
		}
		o.mu.Lock()
		o.busy = false
		o.mu.Unlock()
		if cap(buf) > 4*gatherBytes {
			buf = nil // a rare large frame need not be paid for ever after
		}
	}
}

// disown gives back what run was to write: nobody writes any more.
func (o *outbox) disown(batch []outgoing, cause error) {
	o.mu.Lock()
	f := o.half
	o.half, o.rest = nil, nil
	o.mu.Unlock()
	if f != nil {
		f.unsent(cause)
	}
	for _, f := range batch {
		f.unsent(cause)
	}
}

// take waits until there is something to write and nobody writes, and takes all of it: the frames, and what is in half.
func (o *outbox) take() ([]outgoing, error) {
	for {
		o.mu.Lock()
		if !o.busy && (o.closed != nil || o.half != nil || len(o.queue) > 0) {
			batch, closed := o.queue, o.closed
			o.queue, o.busy = nil, true
			o.mu.Unlock()
			return batch, closed
		}
		o.mu.Unlock()
		<-o.ready
	}
}

// finishHalf writes the rest of a frame that was begun without the writer.
func (o *outbox) finishHalf() error {
	o.mu.Lock()
	f, rest := o.half, o.rest
	o.half, o.rest = nil, nil
	o.mu.Unlock()
	if f == nil {
		return nil
	}
	_ = o.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := o.conn.Write(rest); err != nil {
		f.unsent(err)
		return err
	}
	f.sent()
	return nil
}

// write gathers frames from the front of batch into one write, and returns those that are left.
func (o *outbox) write(batch []outgoing, buf []byte) ([]outgoing, []byte, error) {
	var taken []outgoing
	var ends []int
	for len(batch) > 0 && (len(taken) == 0 || len(buf) < gatherBytes) {
		f := batch[0]
		batch = batch[1:]
		if grown, ok := f.appendTo(buf); ok {
			buf = grown
			taken, ends = append(taken, f), append(ends, len(buf))
		} else {
			f.unsent(errWithdrawn)
		}
	}
	if len(taken) == 0 {
		return batch, buf, nil
	}
	o.stats.framesOut.Add(uint64(len(taken))) // before the answers can be there, so that whoever has one sees it counted
	_ = o.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	n, err := o.conn.Write(buf)
	for i, f := range taken {
		// A frame that the network took in part only can never be completed: nobody writes to this connection again.
		if ends[i] <= n {
			f.sent()
		} else {
			f.unsent(err)
		}
	}
	return batch, buf, err
}

var errWithdrawn = errors.New("nobody waits for it any more")
