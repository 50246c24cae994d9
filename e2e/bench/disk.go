package bench

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sessnode/sessnode/internal/bench/latency"
)

// appendBytes is the size of one append, and segmentBytes that of a file before the next one is begun, as logs have them.
const (
	appendBytes  = 4 << 10
	segmentBytes = 64 << 20
)

// appender appends to files of one folder and flushes each append, as the log of a replicated store does: the file is allocated
// before, so that a flush writes no more than it must.
type appender struct {
	folder string
	f      *os.File
	at     int64
	block  []byte
}

func newAppender(folder string) (*appender, error) {
	a := &appender{folder: folder, block: make([]byte, appendBytes)}
	for i := range a.block {
		a.block[i] = byte(i * 7)
	}
	return a, a.next()
}

// next begins a file.
func (a *appender) next() error {
	a.close()
	f, err := os.Create(filepath.Join(a.folder, "append"))
	if err != nil {
		return err
	}
	a.f, a.at = f, 0
	if err := syscall.Fallocate(int(f.Fd()), 0, 0, segmentBytes); err != nil {
		return err
	}
	return f.Sync()
}

func (a *appender) close() {
	if a.f != nil {
		_ = a.f.Close()
		_ = os.Remove(a.f.Name())
	}
}

// run appends and flushes, first unmeasured, then measured.
func (a *appender) run(ctx context.Context, warmUp, duration time.Duration) (*latency.Histogram, error) {
	h := &latency.Histogram{}
	from := time.Now().Add(warmUp)
	to := from.Add(duration)
	for began := time.Now(); began.Before(to); began = time.Now() {
		if ctx.Err() != nil {
			return h, context.Cause(ctx)
		}
		if a.at+appendBytes > segmentBytes {
			if err := a.next(); err != nil {
				return h, err
			}
			continue
		}
		if _, err := a.f.WriteAt(a.block, a.at); err != nil {
			return h, err
		}
		if err := syscall.Fdatasync(int(a.f.Fd())); err != nil {
			return h, err
		}
		a.at += appendBytes
		if !began.Before(from) {
			h.Record(time.Since(began))
		}
	}
	return h, nil
}
