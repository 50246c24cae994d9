package raftlog

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// failStop never lets Raft live on after a write that failed or did not return: such a leader keeps its office and serves nobody
// (hashicorp/raft#503, #666), or loses and wins it for ever (#614). A time-out that merely returned an error while the write went
// on in the background would let the log say one thing and Raft another (grafana/pyroscope#5307); so after the first failure no
// write is a success any more, the one under way included, and the process is asked to exit. A restart is safe.
type failStop struct {
	Backend
	stall  time.Duration // of one write; the chunks of a long deletion count one by one
	fail   func(error)
	linger bool
	closed chan struct{}

	mu      sync.Mutex
	cause   error // the first failure
	isClose bool
}

func (f *failStop) StoreLog(l *raft.Log) error { return f.StoreLogs([]*raft.Log{l}) }

func (f *failStop) StoreLogs(logs []*raft.Log) error {
	return f.guard("store log entries", func() error { return f.Backend.StoreLogs(logs) })
}

func (f *failStop) DeleteRange(first, last uint64) error {
	return f.guard("delete log entries", func() error { return f.Backend.DeleteRange(first, last) })
}

func (f *failStop) Set(key, value []byte) error {
	return f.lasting(f.guard("store term or vote", func() error { return f.Backend.Set(key, value) }))
}

func (f *failStop) SetUint64(key []byte, value uint64) error {
	return f.lasting(f.guard("store term or vote", func() error { return f.Backend.SetUint64(key, value) }))
}

// GetLog stops the node on a damaged entry. Reading fails in no other way that a restart would cure.
func (f *failStop) GetLog(index uint64, l *raft.Log) error {
	err := f.Backend.GetLog(index, l)
	if errors.Is(err, ErrDamaged) {
		f.stop(err)
	}
	return err
}

// guard makes a write on the caller's goroutine, with a watchdog beside it that stops the node if the write does not return.
func (f *failStop) guard(what string, write func() error) error {
	if err := f.dead(); err != nil {
		return err
	}
	stalled := watch(f.stall, func() {
		f.stop(fmt.Errorf("the disk did not %s within %v", what, f.stall))
	})
	err := write()
	stalled.calm()
	if err != nil {
		f.stop(fmt.Errorf("the disk could not %s: %w", what, err))
	}
	return f.dead() // also when it came back, but too late
}

// dead returns why nothing is written any more, or nil.
func (f *failStop) dead() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.cause != nil:
		return fmt.Errorf("%w: %w", ErrFailed, f.cause)
	case f.isClose:
		return ErrClosed
	}
	return nil
}

// stop records the first failure and reports it. What fails because the store was closed is no failure.
func (f *failStop) stop(cause error) {
	f.mu.Lock()
	first := f.cause == nil && !f.isClose
	if first {
		f.cause = cause
	}
	f.mu.Unlock()
	if first {
		f.fail(cause)
	}
}

// lasting returns err to Raft, which panics over it. See Options.Linger for the other way.
func (f *failStop) lasting(err error) error {
	if err != nil && f.linger {
		<-f.closed
		runtime.Goexit()
	}
	return err
}

// close returns false when it was called before.
func (f *failStop) close() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.isClose {
		return false
	}
	f.isClose = true
	close(f.closed)
	return true
}
