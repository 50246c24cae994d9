package nodeport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
)

// serving is the answering end of one connection of calls.
type serving struct {
	port   *Port
	peer   string
	out    *outbox
	places chan struct{} // one for each call whose answer is not written yet
	wg     sync.WaitGroup
}

// serveCalls answers the calls of one connection until it ends, and returns when its handlers have returned.
func (p *Port) serveCalls(conn net.Conn, remote Identity) {
	ctx, cancel := context.WithCancel(p.ctx)
	s := &serving{
		port: p, peer: remote.NodeID,
		out: newOutbox(conn, &p.stats),
		// Twice: a peer may have its answer, and have sent the next call, before the place of the last one is free here.
		places: make(chan struct{}, 2*p.cfg.MaxInFlight),
	}
	s.wg.Go(func() {
		_ = s.out.run()
		_ = conn.Close() // ends the reader
	})
	err := s.read(ctx, conn)
	cancel()
	_ = conn.Close() // ends the writer, should it be in a write
	s.out.close(ErrClosed)
	s.wg.Wait()
	if errors.Is(err, ErrProtocol) {
		p.cfg.Logger.Warn("node port got what is no call", "peer", s.peer, "err", err)
	}
}

func (s *serving) read(ctx context.Context, conn net.Conn) error {
	r := bufio.NewReaderSize(conn, 64<<10)
	for {
		f, err := readFrame(r, s.port.cfg.MaxFrame)
		if err != nil {
			return err
		}
		s.port.stats.framesIn.Add(1)
		switch f.kind {
		case request:
			s.begin(ctx, f)
		case ping:
			if err := s.out.push(control{kind: pong}); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%w: kind %d from the calling end", ErrProtocol, f.kind)
		}
	}
}

// begin starts a handler, or says why none was.
func (s *serving) begin(ctx context.Context, f frame) {
	h := s.port.handler(f.method)
	if h.handler == nil {
		s.decline(f.id, sessnode.Errorf(sessnode.CodeUnavailable, "no_method", "node has no method %d", f.method))
		return
	}
	select {
	case s.places <- struct{}{}:
	default:
		s.decline(f.id, sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonOverload, "%d calls are under way", cap(s.places)))
		return
	}
	s.port.stats.served[f.method].Add(1)
	if h.atOnce {
		s.handle(ctx, h.handler, f, time.Time{})
		return
	}
	// The time that is left counts from here; a goroutine that starts late must not extend it.
	var deadline time.Time
	if f.timeout > 0 {
		deadline = time.Now().Add(f.timeout)
	}
	s.wg.Go(func() { s.handle(ctx, h.handler, f, deadline) })
}

// handle runs one handler. A panic is not caught: it may be a replica's way of refusing to diverge.
func (s *serving) handle(ctx context.Context, h Handler, f frame, deadline time.Time) {
	if !deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	body, err := h(ctx, s.peer, f.body)
	out := frame{kind: response, id: f.id, body: body}
	if err != nil {
		out = failed(f.id, err)
	} else if size := idBytes + len(body); size > s.port.cfg.MaxFrame {
		// What the handler did is done, so this must not read as "nothing happened".
		out = failed(f.id, sessnode.Errorf(sessnode.CodeUnknown, "", "answer of %d bytes, allowed are %d", size, s.port.cfg.MaxFrame))
	}
	a := &answer{frame: out, places: s.places}
	if err := s.out.push(a); err != nil {
		a.unsent(err)
	}
}

func (s *serving) decline(id uint64, err error) {
	_ = s.out.push(&answer{frame: failed(id, err)}) // a closed box means that the connection is ending anyway
}

func failed(id uint64, err error) frame {
	return frame{kind: failure, id: id, failure: *remoteError(err)}
}

// answer is a frame on its way back. Its place is free when it is written, so that a peer that does not read its answers
// cannot make them pile up.
type answer struct {
	frame  frame
	places chan struct{} // nil where no place was taken
}

func (a *answer) appendTo(dst []byte) ([]byte, bool) { return appendFrame(dst, &a.frame), true }
func (a *answer) sent()                              { a.release() }
func (a *answer) unsent(error)                       { a.release() }

func (a *answer) release() {
	if a.places != nil {
		<-a.places
	}
}
