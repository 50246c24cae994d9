package cluster

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"
)

const (
	// restEvery is how much of a snapshot is written between two rests: a few milliseconds of work.
	restEvery = 256 << 10

	// flushEvery is how much of a snapshot may wait for the disk, and as much may be on its way there. All of it at once, in the end, would
	// hold up the log's own flushes for as long as the disk needs for gigabytes.
	flushEvery = 1 << 20

	// mostRest bounds one rest, so that a disk that was slow once does not double its time.
	mostRest = 50 * time.Millisecond
)

// paced writes a snapshot so that those who use the store meanwhile hardly notice: after each piece of work it rests as long as the
// work took, and what was written goes to the disk bit by bit. A snapshot of gigabytes would otherwise keep a processor to itself for
// a minute, and the disk for seconds. It ends early, with an error, when the node stops. It is for one goroutine.
type paced struct {
	ctx   context.Context
	to    io.Writer
	flush func() error                               // what was written so far
	rest  func(ctx context.Context, d time.Duration) // waits
	now   func() time.Time                           // of this host, for intervals only

	began     time.Time // of the work since the last rest
	rested    int       // bytes since the last rest
	unflushed int
}

func newPaced(ctx context.Context, to io.Writer, flush func() error) *paced {
	return &paced{ctx: ctx, to: to, flush: flush, rest: wait, now: time.Now, began: time.Now()}
}

// Write writes b in pieces.
func (p *paced) Write(b []byte) (n int, err error) {
	for n < len(b) {
		if err := p.ctx.Err(); err != nil {
			return n, err
		}
		piece := b[n:min(n+restEvery-p.rested, len(b))]
		m, err := p.to.Write(piece)
		n += m
		if err != nil {
			return n, err
		}
		if err := p.wrote(m); err != nil {
			return n, err
		}
	}
	return n, nil
}

// wrote flushes and rests where it is time to.
func (p *paced) wrote(n int) error {
	if p.unflushed += n; p.unflushed >= flushEvery {
		if err := p.flush(); err != nil {
			return err
		}
		p.unflushed = 0
	}
	if p.rested += n; p.rested >= restEvery {
		p.rest(p.ctx, min(p.now().Sub(p.began), mostRest))
		p.began, p.rested = p.now(), 0
	}
	return nil
}

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// flusher returns what sends a sink's file to the disk as far as it is written, and what lets go of it. Raft's sink does not say where its
// file is, so it is looked for where Raft's store of files puts it; elsewhere nothing is sent before the end, as Raft does it.
func flusher(dir string, sink raft.SnapshotSink) (flush func() error, release func()) {
	f, err := os.OpenFile(filepath.Join(dir, "snapshots", sink.ID()+".tmp", "state.bin"), os.O_WRONLY, 0)
	if err != nil {
		return func() error { return nil }, func() {}
	}
	w := writeback{file: f}
	return w.flush, func() { _ = f.Close() }
}

// writeback sends what is written of a growing file to the disk, and waits for what it sent the time before: so little is ever on its way
// that others who use the disk hardly wait for it. Nothing is durable by that: whoever writes the file syncs it in the end.
type writeback struct {
	file        *os.File
	began, sent int64 // what lies between is on its way, what lies before is there
}

func (w *writeback) flush() error {
	info, err := w.file.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if err := sendToDisk(w.file, w.sent, size); err != nil {
		return err
	}
	if err := awaitDisk(w.file, w.began, w.sent); err != nil {
		return err
	}
	w.began, w.sent = w.sent, size
	return nil
}
