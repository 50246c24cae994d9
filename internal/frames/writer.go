package frames

import (
	"encoding/binary"
	"net"
	"runtime"
	"sync"
	"time"
)

const (
	// gathered is how many bytes may wait to be written before whoever adds more waits too, and how large a buffer is kept.
	gathered = 256 << 10

	// deadlineEvery is how often the deadline of writes is set anew: setting it costs more than adding a frame.
	deadlineEvery = time.Second
)

// Writer writes frames. Whoever adds one where nobody writes, writes; what others add meanwhile goes out next, in one piece. When a write
// fails it closes the connection, so that whoever reads from it hears of it.
type Writer struct {
	conn net.Conn
	most time.Duration

	mu         sync.Mutex
	room       sync.Cond // the buffer was taken
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

// Add writes a frame, or leaves it to whoever writes. An error says that nothing of it was or will be sent; no error says nothing.
func (w *Writer) Add(number uint32, payload []byte) error {
	w.mu.Lock()
	for len(w.out) > gathered && w.err == nil {
		w.room.Wait()
	}
	if w.err != nil {
		defer w.mu.Unlock()
		return w.err
	}
	w.out = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(w.out, uint32(len(payload))), number)
	w.out = append(w.out, payload...)
	first := !w.writing
	w.writing = true
	w.mu.Unlock()
	if !first {
		return nil
	}
	runtime.Gosched() // who is about to add a frame shares the write
	w.flush()
	return nil
}

// flush writes until nothing is left. The caller has set writing.
func (w *Writer) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.out) > 0 && w.err == nil {
		b := w.out
		w.out, w.spare = w.spare[:0], nil
		w.room.Broadcast()
		w.mu.Unlock()
		err := w.write(b)
		w.mu.Lock()
		w.spare = b[:0]
		if cap(b) > 2*gathered {
			w.spare = nil
		}
		if err != nil {
			w.fail(err)
			_ = w.conn.Close()
		}
	}
	w.writing = false
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
