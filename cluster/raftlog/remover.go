package raftlog

import (
	"os"
	"sync"
	"time"
)

const (
	// removeEvery is how much time lies between the removals of two pieces. A file system that tells the disk what it has freed does so
	// when it commits its journal, and holds up the log's writes meanwhile: half a second for the five gigabytes of five million sessions.
	removeEvery = 250 * time.Millisecond

	// removePiece is how many bytes of a snapshot are freed at once: as many as a segment of the log has. removeLittle is not worth a rest.
	removePiece  = 64 << 20
	removeLittle = 1 << 20
)

// remover removes files in the background, slowly, on a goroutine that close waits for. What it did not come to is to be looked for at the
// next start. It is safe for concurrent use.
type remover struct {
	pieces bool // large files go in pieces: nobody may be reading them

	mu      sync.Mutex
	old     []string // files and empty folders, in order
	running bool
	stop    chan struct{} // nil before the first, closed by close
	closed  bool
	work    sync.WaitGroup
}

// add takes paths to remove. After close it does nothing.
func (r *remover) add(paths ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || len(paths) == 0 {
		return
	}
	r.old = append(r.old, paths...)
	if r.running {
		return
	}
	if r.stop == nil {
		r.stop = make(chan struct{})
	}
	r.running = true
	r.work.Go(r.run)
}

// close ends the removal.
func (r *remover) close() {
	r.mu.Lock()
	if !r.closed && r.stop != nil {
		close(r.stop)
	}
	r.closed = true
	r.mu.Unlock()
	r.work.Wait()
}

func (r *remover) run() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-r.stop:
			return
		}
		for freed := int64(0); freed < removeLittle; {
			path, found := r.next()
			if !found {
				return
			}
			size, left := r.cut(path)
			if !left {
				r.done()
			}
			freed += size
		}
		timer.Reset(removeEvery)
	}
}

// next returns what is to be removed now. None means that run is to end.
func (r *remover) next() (path string, found bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.old) == 0 {
		r.running = false
		return "", false
	}
	return r.old[0], true
}

func (r *remover) done() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.old = r.old[1:]
}

// cut removes a file, or a piece of a large one, and returns how many bytes that frees and whether any are left.
func (r *remover) cut(path string) (size int64, left bool) {
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	if r.pieces && size > removePiece && os.Truncate(path, size-removePiece) == nil {
		return removePiece, true
	}
	_ = os.Remove(path) // it is looked for again at the next start
	return size, false
}
