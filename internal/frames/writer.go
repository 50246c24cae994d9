package frames

import (
	"encoding/binary"
	"errors"
	"net"
	"runtime"
	"sync"
	"time"
)

const (
	// gathered is how many bytes may wait to be written before Add waits too, and stuck before Try gives up.
	gathered = 256 << 10
	stuck    = 4 << 20

	// keptBytes is how large a buffer is kept for the next write.
	keptBytes = 64 << 10

	// deadlineEvery is how often the deadline of writes is set anew: setting it costs more than adding a frame.
	deadlineEvery = time.Second
)

// errStuck is why Try gives up.
var errStuck = errors.New("the other end does not read")

// Writer writes frames. The first that is added where nobody writes starts a goroutine that does; what is added meanwhile goes out next, in one
// piece. When a write fails it closes the connection, so that whoever reads from it hears of it.
type Writer struct {
	conn net.Conn
	most time.Duration

	mu         sync.Mutex
	room       sync.Cond // the buffer was taken, or nobody writes any more
	out, spare []byte
	writing    bool
	err        error     // why nothing is written any more
	renewed    time.Time // the deadline; of whoever writes
}

// NewWriter returns a writer to a connection, whose peer may take most (and up to a second more) to accept what is written.
func NewWriter(conn net.Conn, most time.Duration) *Writer {
	w := &Writer{conn: conn, most: most}
	w.room.L = &w.mu
	return w
}

// Add leaves a frame to be written, and waits where too much waits already, no longer than a write may take. An error says that nothing of the
// frame was or will be sent; no error says nothing.
func (w *Writer) Add(number uint32, payload []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.out) > gathered && w.err == nil {
		w.room.Wait()
	}
	return w.add(number, payload)
}

// Try is Add for who has no time to wait: where far too much waits already, it is an error.
func (w *Writer) Try(number uint32, payload []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.out) > stuck {
		return errStuck
	}
	return w.add(number, payload)
}

// add is called with mu held.
func (w *Writer) add(number uint32, payload []byte) error {
	if w.err != nil {
		return w.err
	}
	w.out = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(w.out, uint32(len(payload))), number)
	w.out = append(w.out, payload...)
	if !w.writing {
		w.writing = true
		go w.flush() // ends when nothing is left, or the connection
	}
	return nil
}

// flush writes until nothing is left.
func (w *Writer) flush() {
	runtime.Gosched() // who is about to add a frame shares the write
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.out) > 0 && w.err == nil {
		b := w.out
		w.out, w.spare = w.spare[:0], nil
		w.room.Broadcast()
		w.mu.Unlock()
		err := w.write(b)
		if err != nil {
			_ = w.conn.Close()
		}
		clear(b)
		w.mu.Lock()
		if w.spare = b[:0]; cap(b) > keptBytes {
			w.spare = nil
		}
		if err != nil {
			w.fail(err)
		}
	}
	if cap(w.out) > keptBytes {
		w.out = nil
	}
	w.writing = false
	w.room.Broadcast()
}

// Drain waits until all that was added is written, or nothing is written any more.
func (w *Writer) Drain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.writing && w.err == nil {
		w.room.Wait()
	}
}

func (w *Writer) write(b []byte) error {
	if now := time.Now(); now.Sub(w.renewed) > deadlineEvery {
		w.renewed = now
		_ = w.conn.SetWriteDeadline(now.Add(w.most + deadlineEvery))
	}
	_, err := w.conn.Write(b)
	return err
}

// fail keeps the first error. The caller holds mu.
func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err, w.out, w.spare = err, nil, nil
		w.room.Broadcast()
	}
}

// End makes all further frames fail, and those that wait to be added. It does not close the connection.
func (w *Writer) End(cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail(cause)
}
