package nodeport

import (
	"bufio"
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// noted is a frame that counts what became of it.
type noted struct {
	frame        frame
	gone, undone *atomic.Int64
}

func (n *noted) appendTo(dst []byte) ([]byte, bool) { return appendFrame(dst, &n.frame), true }
func (n *noted) sent()                              { n.gone.Add(1) }
func (n *noted) unsent(error)                       { n.undone.Add(1) }

// pair is a bare TCP connection as a port has it, with its other end.
func pair(t *testing.T) (mine *trackedConn, other net.Conn) {
	t.Helper()
	ln := listen(t)
	defer ln.Close()
	dialled, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	other, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	mine = &trackedConn{Conn: dialled, port: &Port{}}
	t.Cleanup(func() { _, _ = dialled.Close(), other.Close() })
	return mine, other
}

const manyFrames, largeBody = 64, 300 << 10 // together more than any socket's buffers take

// fill pushes frames to a peer that does not read. It must not wait for it: otherwise this does not return before the writer gives up.
func fill(t *testing.T, o *outbox, gone, undone *atomic.Int64) {
	t.Helper()
	for i := range manyFrames {
		f := &noted{frame{kind: response, id: uint64(i), body: bytes.Repeat([]byte{byte(i)}, largeBody)}, gone, undone}
		if err := o.push(f); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPushDoesNotWaitForAPeerThatDoesNotRead(t *testing.T) {
	mine, other := pair(t)
	o := newOutbox(mine, &mine.port.stats)
	if o.direct == nil {
		t.Fatal("a bare TCP connection is not written to directly: nothing is shown")
	}
	var gone, undone atomic.Int64
	var writer sync.WaitGroup
	writer.Go(func() { _ = o.run() })
	fill(t, o, &gone, &undone)
	r := bufio.NewReader(other)
	for i := range manyFrames {
		f, err := readFrame(r, 1<<20)
		if err != nil || f.id != uint64(i) || !bytes.Equal(f.body, bytes.Repeat([]byte{byte(i)}, largeBody)) {
			t.Fatalf("frame %d arrived as frame %d of %d bytes, %v", i, f.id, len(f.body), err)
		}
	}
	o.close(nil)
	writer.Wait()
	if gone.Load() != manyFrames || undone.Load() != 0 {
		t.Errorf("%d frames were sent and %d were not, want all %d sent", gone.Load(), undone.Load(), manyFrames)
	}
}

// Whatever ends the connection while a frame is half written, each frame has one fate.
func TestEveryFrameHasOneFate(t *testing.T) {
	for name, end := range map[string]func(o *outbox, mine, other net.Conn){
		"the peer ends it": func(_ *outbox, _, other net.Conn) { _ = other.Close() },
		"closed here":      func(o *outbox, mine, _ net.Conn) { _ = mine.Close(); o.close(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			mine, other := pair(t)
			o := newOutbox(mine, &mine.port.stats)
			var gone, undone atomic.Int64
			fill(t, o, &gone, &undone) // nobody writes beside the one who pushes
			if o.half == nil {
				t.Fatal("no frame is half written: nothing is shown")
			}
			end(o, mine, other)
			o.close(o.run())
			if gone.Load()+undone.Load() != manyFrames || undone.Load() == 0 {
				t.Errorf("%d frames were sent and %d were not, of %d", gone.Load(), undone.Load(), manyFrames)
			}
		})
	}
}
