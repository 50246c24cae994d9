package frames_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode/internal/frames"
)

// TestFramesOfManyGoroutinesArriveWhole: each once, none torn, and in fewer writes than there are frames.
func TestFramesOfManyGoroutinesArriveWhole(t *testing.T) {
	near, far := net.Pipe()
	counted := &countingConn{Conn: near}
	w := frames.NewWriter(counted, time.Minute)
	const senders, each = 20, 200
	var sending sync.WaitGroup
	for s := range senders {
		sending.Go(func() {
			for i := range each {
				if err := w.Add(uint32(1+s*each+i), fmt.Append(nil, "frame ", s, " ", i)); err != nil {
					t.Errorf("Add = %v", err)
				}
			}
		})
	}
	r := frames.NewReader(far, 100)
	seen := map[uint32]bool{}
	for len(seen) < senders*each {
		number, payload, err := r.Next()
		s, i := (number-1)/each, (number-1)%each
		if err != nil || seen[number] || string(payload) != fmt.Sprint("frame ", s, " ", i) {
			t.Fatalf("frame %d = %q, %v, seen before: %v", number, payload, err, seen[number])
		}
		seen[number] = true
	}
	sending.Wait()
	_ = near.Close()
	if number, payload, err := r.Next(); err != io.EOF {
		t.Errorf("after the last frame came frame %d: %q, %v", number, payload, err)
	}
	if counted.writes >= senders*each {
		t.Errorf("%d frames took %d writes", senders*each, counted.writes)
	}
}

type countingConn struct {
	net.Conn
	writes int // by one goroutine at a time
}

func (c *countingConn) Write(b []byte) (int, error) {
	c.writes++
	return c.Conn.Write(b)
}

// TestAWriterWaitsForASlowReaderAndGivesUp: who adds more than may wait waits too, until the write has taken its time; then nothing is taken any more, and
// the connection is closed.
func TestAWriterWaitsForASlowReaderAndGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe() // nobody reads
		w := frames.NewWriter(near, 10*time.Second)
		began := time.Now()
		large := make([]byte, 200<<10)
		var adding sync.WaitGroup
		const added = 6
		var returned atomic.Int32
		for i := range added {
			adding.Go(func() { _ = w.Add(uint32(i+1), large); returned.Add(1) })
		}
		synctest.Wait()
		if n := returned.Load(); n == 0 || n > 4 { // two that are written, and two that wait
			t.Errorf("%d of %d frames that nobody reads were taken at once", n, added)
		}
		for range 40 { // who has no time waits for nobody, until it is too much
			if err := w.Try(7, large); err != nil {
				returned.Store(100)
				break
			}
		}
		if returned.Load() != 100 {
			t.Error("8 MB were taken for somebody who does not read")
		}
		adding.Wait()
		if d := time.Since(began); d < 10*time.Second || d > 12*time.Second {
			t.Errorf("it gave up after %v, want about 10s", d)
		}
		if err := w.Add(9, nil); err == nil {
			t.Error("a frame was taken after that")
		}
		if _, err := io.ReadAll(far); err != nil {
			t.Errorf("reading = %v, want the end", err)
		}
	})
}

func TestEndMakesFramesFail(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	w := frames.NewWriter(near, time.Minute)
	cause := errors.New("it is over")
	w.End(cause)
	w.End(errors.New("another cause"))
	if err := w.Add(1, []byte("x")); !errors.Is(err, cause) {
		t.Errorf("Add = %v, want the first cause", err)
	}
}
