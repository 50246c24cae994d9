package faultnet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// dialLimit is how long a new connection may hang before the switch gives up on it. Nodes give up earlier.
	dialLimit = 5 * time.Second

	pieceBytes = 32 << 10
	underWay   = 64 // pieces of a stream that are on their way; then the sender waits, as it does for a full window
)

// stream is one connection between two nodes.
type stream struct {
	life    context.Context
	end     context.CancelFunc // of life: closes both ends
	traffic Traffic
	target  *net.TCPConn
	nodes   [2]string
}

// dial connects a node to the address that it asked for.
func (s *Switch) dial(conn *net.UnixConn, in *bufio.Reader, d Dial) {
	to, known := s.placeOf(d.To)
	if !known {
		answer(conn, Dialled{Error: "no node of this drill has the address " + d.To})
		return
	}
	out, back := s.Link(d.From, to.node), s.Link(to.node, d.From)
	target, err := s.connect(conn, in, out, back, to.traffic, d.To)
	if err != nil {
		answer(conn, Dialled{Error: err.Error(), Refused: errors.Is(err, syscall.ECONNREFUSED)})
		return
	}
	defer func() { _ = target.Close() }()
	if !answer(conn, Dialled{}) {
		return
	}
	f := &stream{traffic: to.traffic, target: target, nodes: [2]string{d.From, to.node}}
	f.life, f.end = context.WithCancel(s.life)
	defer f.end()
	stop := context.AfterFunc(f.life, func() { _ = conn.Close(); _ = target.Close() })
	defer stop()
	s.enter(f)
	defer s.leave(f)
	var both sync.WaitGroup
	both.Go(func() { f.pump(out, back, in, target) })   // ends when its source does, or life
	both.Go(func() { f.pump(back, out, target, conn) }) // likewise
	both.Wait()
}

// connect makes a connection as a handshake does: it needs both ways, and takes the time of both. It ends when the node gives up, which
// says nothing before it has the answer: so a byte or the end of what it sends can only mean that.
func (s *Switch) connect(conn *net.UnixConn, in *bufio.Reader, out, back *Link, t Traffic, addr string) (*net.TCPConn, error) {
	ctx, cancel := context.WithTimeout(s.life, dialLimit)
	defer cancel()
	watched := make(chan struct{})
	go func() { // ends with the read deadline below
		defer close(watched)
		if _, err := in.Peek(1); !errors.Is(err, os.ErrDeadlineExceeded) {
			cancel()
		}
	}()
	target, err := shake(ctx, out, back, t, addr)
	_ = conn.SetReadDeadline(time.Unix(1, 0))
	<-watched
	_ = conn.SetReadDeadline(time.Time{})
	if err == nil && ctx.Err() != nil {
		return nil, errors.Join(ctx.Err(), target.Close())
	}
	return target, err
}

func shake(ctx context.Context, out, back *Link, t Traffic, addr string) (*net.TCPConn, error) {
	due := time.Now().Add(out.hold(0, true))
	if err := out.pass(ctx, t, due); err != nil {
		return nil, errors.New("no answer from " + addr)
	}
	due = time.Now().Add(back.hold(0, true))
	if err := back.pass(ctx, t, due); err != nil {
		return nil, errors.New("no answer from " + addr)
	}
	target, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return target.(*net.TCPConn), nil
}

func answer(conn net.Conn, d Dialled) bool {
	line, err := json.Marshal(d)
	if err == nil {
		_, err = conn.Write(append(line, '\n'))
	}
	return err == nil
}

// piece is a part of a stream on its way, or its end.
type piece struct {
	data []byte
	due  time.Time
	err  error // how the stream ended; data is empty then
}

// sink is where a direction of a stream ends.
type sink interface {
	io.Writer
	CloseWrite() error
}

// pump carries one direction of a stream as its link allows. The end of the stream is carried like its bytes: behind a cut nobody learns
// that a node is gone.
func (f *stream) pump(l, back *Link, from io.Reader, to sink) {
	way := make(chan piece, underWay)
	var sender sync.WaitGroup
	sender.Go(func() { f.take(l, from, way) }) // ends with its source, which the end of life closes
	if !f.arrive(l, way, to) {
		// The receiver is gone. The sender learns that from the receiver's side, as far as the way back is open.
		_ = back.open(f.life, f.traffic)
		f.end()
	}
	for range way { // lets the sender end
	}
	sender.Wait()
}

func (f *stream) take(l *Link, from io.Reader, way chan<- piece) {
	defer close(way)
	last := time.Time{}
	for {
		data := make([]byte, pieceBytes)
		n, err := from.Read(data)
		due := time.Now().Add(l.hold(n, n > 0))
		if due.Before(last) {
			due = last // the order stays
		}
		last = due
		if n > 0 && !f.send(way, piece{data[:n], due, nil}) {
			return
		}
		if err != nil {
			f.send(way, piece{nil, due, err})
			return
		}
	}
}

func (f *stream) send(way chan<- piece, p piece) bool {
	select {
	case way <- p:
		return true
	case <-f.life.Done():
		return false
	}
}

// arrive delivers pieces when they are due and the link is not cut. It returns false if the receiver does not take them any more.
func (f *stream) arrive(l *Link, way <-chan piece, to sink) bool {
	for p := range way {
		if l.pass(f.life, f.traffic, p.due) != nil {
			return true // life has ended
		}
		var err error
		switch {
		case p.err == nil:
			_, err = to.Write(p.data)
		case errors.Is(p.err, io.EOF):
			err = to.CloseWrite()
		default:
			f.end() // a reset
		}
		if err != nil {
			return false
		}
	}
	return true
}

// Reset breaks all connections between two nodes once, whoever made them, and returns how many those were.
func (s *Switch) Reset(a, b string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for f := range s.streams {
		if f.nodes == [2]string{a, b} || f.nodes == [2]string{b, a} {
			_ = f.target.SetLinger(0) // the far end sees a reset; a Unix socket, the near one, knows only the end of a stream
			f.end()
			n++
		}
	}
	return n
}

func (s *Switch) enter(f *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams[f] = struct{}{}
}

func (s *Switch) leave(f *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, f)
}
