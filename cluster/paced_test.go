package cluster

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// slowDisk counts what a paced writer does to it. Each write takes a millisecond of its clock.
type slowDisk struct {
	bytes.Buffer
	clock   time.Time
	rested  time.Duration
	most    int // bytes between two rests
	since   int
	flushes int
}

func (d *slowDisk) Write(b []byte) (int, error) {
	d.clock = d.clock.Add(time.Millisecond)
	d.since += len(b)
	d.most = max(d.most, d.since)
	return d.Buffer.Write(b)
}

func (d *slowDisk) paced(ctx context.Context) *paced {
	p := newPaced(ctx, d, func() error { d.flushes++; return nil })
	p.now = func() time.Time { return d.clock }
	p.rest = func(_ context.Context, t time.Duration) { d.rested += t; d.since = 0; d.clock = d.clock.Add(t) }
	p.began = d.clock
	return p
}

func TestASnapshotRestsAsLongAsItWorks(t *testing.T) {
	d := &slowDisk{}
	p := d.paced(t.Context())
	content := bytes.Repeat([]byte("0123456789abcdef"), 20<<20/16)
	for rest := content; len(rest) > 0; {
		n := min(1<<20+17, len(rest)) // as a large buffer is flushed
		if m, err := p.Write(rest[:n]); m != n || err != nil {
			t.Fatalf("Write = %d, %v, want %d", m, err, n)
		}
		rest = rest[n:]
	}
	if !bytes.Equal(d.Bytes(), content) {
		t.Error("what arrived is not what was written")
	}
	if d.most > restEvery {
		t.Errorf("%d bytes between two rests, want at most %d", d.most, restEvery)
	}
	worked := d.clock.Sub(time.Time{}) - d.rested
	if d.rested < worked*9/10 || d.rested > worked {
		t.Errorf("rested %v for %v of work, want as long", d.rested, worked)
	}
	if want := len(content) / flushEvery; d.flushes != want {
		t.Errorf("flushed %d times, want %d", d.flushes, want)
	}
}

func TestASnapshotEndsWithItsNode(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	d := &slowDisk{}
	p := d.paced(ctx)
	if _, err := p.Write(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	stop()
	if _, err := p.Write(make([]byte, 1000)); !errors.Is(err, context.Canceled) {
		t.Errorf("Write of a node that stops = %v, want context.Canceled", err)
	}
}

func TestASnapshotThatCannotBeFlushedFails(t *testing.T) {
	d := &slowDisk{}
	p := d.paced(t.Context())
	broken := errors.New("the disk is gone")
	p.flush = func() error { return broken }
	if _, err := p.Write(make([]byte, flushEvery)); !errors.Is(err, broken) {
		t.Errorf("Write = %v, want %v", err, broken)
	}
}

// TestTheFileOfASnapshotIsFound: Raft does not say where it writes; if it moves, snapshots would go to the disk all at once again.
func TestTheFileOfASnapshotIsFound(t *testing.T) {
	dir := t.TempDir()
	store, err := raft.NewFileSnapshotStore(dir, 1, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	sink, err := store.Create(raft.SnapshotVersionMax, 1, 1, raft.Configuration{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sink.Cancel() }()
	flush, release := flusher(dir, sink)
	if err := flush(); err != nil {
		t.Errorf("flush = %v", err)
	}
	release()
	if err := flush(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("flush after release = %v, want os.ErrClosed: no file was found", err)
	}
}

// Little of a snapshot is on its way at once: each time what was written since goes out, and what went out before is waited for.
func TestASnapshotGoesToTheDiskBitByBit(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := writeback{file: f}
	for _, want := range []writeback{{f, 0, 1000}, {f, 1000, 3000}, {f, 3000, 3000}} {
		if _, err := f.Write(make([]byte, want.sent-w.sent)); err != nil {
			t.Fatal(err)
		}
		if err := w.flush(); err != nil || w != want {
			t.Errorf("flush = %v, from %d to %d is on its way, want %d to %d", err, w.began, w.sent, want.began, want.sent)
		}
	}
}
