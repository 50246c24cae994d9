package faultnet

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// dialLimit is how long a new connection may hang before the switch gives up on it. Nodes give up earlier.
	dialLimit = 5 * time.Second

	pieceBytes = 32 << 10
	underWay   = 64 // pieces of a stream that are on their way; then the sender waits, as it does for a full window
)

// dial connects a node to the address that it asked for.
func (s *Switch) dial(conn net.Conn, in *bufio.Reader, d Dial) {
	to, known := s.placeOf(d.To)
	if !known {
		answer(conn, "no node of this drill has the address "+d.To)
		return
	}
	out, back := s.Link(d.From, to.node), s.Link(to.node, d.From)
	ctx, cancel := context.WithTimeout(s.life, dialLimit)
	defer cancel()
	if out.open(ctx, to.traffic) != nil || back.open(ctx, to.traffic) != nil { // the handshake needs both ways
		answer(conn, "no answer from "+d.To)
		return
	}
	target, err := (&net.Dialer{}).DialContext(ctx, "tcp", d.To)
	if err != nil {
		answer(conn, err.Error())
		return
	}
	defer func() { _ = target.Close() }()
	if !answer(conn, "") {
		return
	}
	life, end := context.WithCancel(s.life)
	defer end()
	stop := context.AfterFunc(life, func() { _ = conn.Close(); _ = target.Close() })
	defer stop()
	var both sync.WaitGroup
	both.Go(func() { defer end(); pump(life, out, to.traffic, in, target) })    // ends when either side closes
	both.Go(func() { defer end(); pump(life, back, to.traffic, target, conn) }) // likewise
	both.Wait()
}

func answer(conn net.Conn, problem string) bool {
	line, err := json.Marshal(Dialled{Error: problem})
	if err == nil {
		_, err = conn.Write(append(line, '\n'))
	}
	return err == nil
}

// piece is a part of a stream on its way.
type piece struct {
	data []byte
	due  time.Time
}

// pump carries one direction of a stream as its link allows, until an end closes or ctx ends.
func pump(ctx context.Context, l *Link, t Traffic, from io.Reader, to io.Writer) {
	way := make(chan piece, underWay)
	var sender sync.WaitGroup
	sender.Go(func() { // ends with the channel
		defer close(way)
		last := time.Time{}
		for {
			data := make([]byte, pieceBytes)
			n, err := from.Read(data)
			if n > 0 {
				due := time.Now().Add(l.hold(true))
				if due.Before(last) {
					due = last // the order stays
				}
				last = due
				select {
				case way <- piece{data[:n], due}:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	arrive(ctx, l, t, way, to)
	for range way { // lets the sender end; the connection is closed by the caller, which ends its Read
	}
	sender.Wait()
}

// arrive delivers pieces when they are due and the link is not cut.
func arrive(ctx context.Context, l *Link, t Traffic, way <-chan piece, to io.Writer) {
	for p := range way {
		if !wait(ctx, time.Until(p.due)) || l.open(ctx, t) != nil {
			return
		}
		if _, err := to.Write(p.data); err != nil {
			return
		}
	}
}

// wait reports whether ctx still runs after d.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
