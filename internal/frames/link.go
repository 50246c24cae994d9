package frames

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

var (
	// ErrNotSent is wrapped where nothing of a request was sent.
	ErrNotSent = errors.New("not sent")

	// ErrLost is wrapped where a request was sent and its answer did not come.
	ErrLost = errors.New("the connection ended before the answer came")

	// ErrFull is wrapped, beside ErrNotSent, where as many requests are unanswered as there may be.
	ErrFull = errors.New("as many requests are under way over this connection as it carries")

	// ErrRefused is wrapped by Open where the other end answers and speaks no frames.
	ErrRefused = errors.New("the server carries one request at a time over a connection")
)

// maxAnswer is how large an answer may be, in bytes: as the client has it for connections of their own.
const maxAnswer = 64 << 20

// writeTimeout is how long a server may take to accept what is written.
const writeTimeout = 10 * time.Second

// Link is the calling end of a connection. It ends by Close, with the connection, or when the server wants no more requests and all are
// answered.
type Link struct {
	conn net.Conn
	out  *Writer
	over chan struct{} // closed when the reader has ended

	mu      sync.Mutex
	waiting map[uint32]*Call
	open    int // requests that were sent and not answered, whether somebody waits or not
	last    uint32
	used    time.Time
	quiet   time.Time // since when requests wait and nothing was heard; zero: none does
	leaving bool      // no more requests are taken
	err     error
}

// Call is a request under way. It may be used again when its answer was read, by one goroutine at a time. NewCall makes one.
type Call struct {
	number uint32
	done   chan struct{} // one message for each time that it is settled
	answer []byte
	err    error
}

// NewCall makes a call.
func NewCall() *Call { return &Call{done: make(chan struct{}, 1)} }

// Open turns a connection that nothing was sent over into a link. host is what the request says in Host, and authorization in Authorization (empty: nothing).
// The connection is closed where there is an error. The caller bounds the time with a deadline, which Open takes off.
func Open(conn net.Conn, host, authorization string) (*Link, error) {
	in, err := ask(conn, host, authorization)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	l := &Link{
		conn: conn, out: NewWriter(conn, writeTimeout), over: make(chan struct{}), waiting: map[uint32]*Call{}, used: time.Now(),
	}
	go l.run(NewReader(in, maxAnswer)) // ends with the connection
	return l, nil
}

func ask(conn net.Conn, host, authorization string) (*bufio.Reader, error) {
	text := "GET " + Path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: Upgrade\r\nUpgrade: " + Protocol + "\r\n"
	if authorization != "" {
		text += "Authorization: " + authorization + "\r\n"
	}
	if _, err := io.WriteString(conn, text+"\r\n"); err != nil {
		return nil, err
	}
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, err
	}
	_ = res.Body.Close()
	if res.StatusCode >= 500 {
		return nil, fmt.Errorf("the server cannot share a connection now: %s", res.Status)
	}
	if res.StatusCode != http.StatusSwitchingProtocols || res.Header.Get("Upgrade") != Protocol {
		return nil, fmt.Errorf("%w: %s", ErrRefused, res.Status)
	}
	return in, nil
}

// Do sends a request and waits for its answer, until ctx ends. The answer is good until c is used again. An error wraps ErrNotSent, ErrLost
// or ctx's.
func (l *Link) Do(ctx context.Context, c *Call, request []byte) (answer []byte, err error) {
	if len(request) > MaxRequest {
		return nil, fmt.Errorf("%w: a request has at most %d bytes", ErrNotSent, MaxRequest)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	if err := l.begin(c); err != nil {
		return nil, err
	}
	if err := l.out.Try(c.number, request); err != nil && l.withdraw(c, 1) {
		return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	select {
	case <-c.done:
		return c.answer, c.err
	case <-ctx.Done():
	}
	if l.withdraw(c, 0) {
		l.doubt()
		return nil, ctx.Err()
	}
	<-c.done // it came at the last moment
	return c.answer, c.err
}

// begin makes a call known.
func (l *Link) begin(c *Call) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil:
		return fmt.Errorf("%w: %w", ErrNotSent, l.err)
	case l.leaving:
		return fmt.Errorf("%w: the server is shutting down", ErrNotSent)
	case l.open >= MaxUnderWay:
		return fmt.Errorf("%w: %w", ErrNotSent, ErrFull)
	}
	for taken := true; taken; { // after four thousand million requests one of them may still be under way
		if l.last++; l.last == 0 {
			l.last = 1
		}
		_, taken = l.waiting[l.last]
	}
	c.number, c.err, l.used = l.last, nil, time.Now()
	if l.quiet.IsZero() {
		l.quiet = l.used
	}
	l.waiting[c.number] = c
	l.open++
	return nil
}

// withdraw makes a call unknown. unsent is 1 if it was not sent, else 0: then its answer may still come. False means that it is settled, or just
// about to be.
func (l *Link) withdraw(c *Call, unsent int) bool {
	l.mu.Lock()
	waits := l.waiting[c.number] == c
	if waits {
		delete(l.waiting, c.number)
		l.open -= unsent
	}
	done := l.isDone()
	l.mu.Unlock()
	if done {
		_ = l.conn.Close()
	}
	return waits
}

// isDone reports whether nothing more comes of the link. The caller holds mu.
func (l *Link) isDone() bool { return l.leaving && len(l.waiting) == 0 }

// silence is for how long nothing may be heard while requests wait.
const silence = time.Second

// doubt is called when a request was given up. It takes no more of them if nothing at all has been heard for a while although some waited: the
// connection may be cut somewhere, and TCP would try for minutes. Those under way may still be answered.
func (l *Link) doubt() {
	l.mu.Lock()
	silent := !l.quiet.IsZero() && time.Since(l.quiet) >= silence
	l.mu.Unlock()
	if silent {
		l.Retire()
	}
}

// run reads answers until the connection ends.
func (l *Link) run(in *Reader) {
	defer close(l.over)
	for {
		number, payload, err := in.Next()
		if err != nil {
			l.end(err)
			return
		}
		if number == 0 {
			l.Retire()
			continue
		}
		l.settle(number, payload)
	}
}

// settle gives a call its answer. Where nobody waits for it any more it is dropped.
func (l *Link) settle(number uint32, payload []byte) {
	l.mu.Lock()
	c := l.waiting[number]
	delete(l.waiting, number)
	l.open--
	if l.quiet = (time.Time{}); len(l.waiting) > 0 {
		l.quiet = time.Now()
	}
	done := l.isDone()
	l.mu.Unlock()
	if c != nil {
		c.answer = append(c.answer[:0], payload...)
		c.done <- struct{}{}
	}
	if done {
		_ = l.conn.Close()
	}
}

// Retire takes no more requests, and closes the connection when the last one is answered.
func (l *Link) Retire() {
	l.mu.Lock()
	l.leaving = true
	done := l.isDone()
	l.mu.Unlock()
	if done {
		_ = l.conn.Close()
	}
}

// end settles all calls.
func (l *Link) end(cause error) {
	l.out.End(cause)
	_ = l.conn.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = cause
	for number, c := range l.waiting {
		delete(l.waiting, number)
		c.err = fmt.Errorf("%w: %w", ErrLost, cause)
		c.done <- struct{}{}
	}
}

// Usable reports whether the link takes requests, after it was unused for less than idle.
func (l *Link) Usable(idle time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err == nil && !l.leaving && (len(l.waiting) > 0 || time.Since(l.used) < idle)
}

// Close ends the link, and with ErrLost the calls under way. It waits for the goroutine that reads.
func (l *Link) Close() error {
	err := l.conn.Close()
	<-l.over
	return err
}
