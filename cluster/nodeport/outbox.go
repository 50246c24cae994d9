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
// no timer, no delay when idle.
type outbox struct {
	conn  net.Conn
	stats *counters
	ready chan struct{} // capacity 1: something waits, or the box was closed

	mu     sync.Mutex
	queue  []outgoing
	closed error // why nothing is taken any more
}

func newOutbox(conn net.Conn, stats *counters) *outbox {
	return &outbox{conn: conn, stats: stats, ready: make(chan struct{}, 1)}
}

// push queues a frame. After close it returns the reason, and the frame is the caller's again.
func (o *outbox) push(f outgoing) error {
	o.mu.Lock()
	if o.closed != nil {
		defer o.mu.Unlock()
		return o.closed
	}
	o.queue = append(o.queue, f)
	o.mu.Unlock()
	o.wake()
	return nil
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
	rest := o.queue
	o.queue = nil
	o.mu.Unlock()
	o.wake()
	for _, f := range rest {
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
		if err != nil {
			return err
		}
		for len(batch) > 0 {
			if batch, buf, err = o.write(batch, buf[:0]); err != nil {
				for _, f := range batch {
					f.unsent(err)
				}
				return err
			}
		}
		if cap(buf) > 4*gatherBytes {
			buf = nil // a rare large frame need not be paid for ever after
		}
	}
}

// take waits for frames and takes all of them.
func (o *outbox) take() ([]outgoing, error) {
	for {
		o.mu.Lock()
		batch, closed := o.queue, o.closed
		o.queue = nil
		o.mu.Unlock()
		if closed != nil || len(batch) > 0 {
			return batch, closed
		}
		<-o.ready
	}
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
