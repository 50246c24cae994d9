package raftlog

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// ErrStopped is what a store answers after its disk failed or stalled. The node must exit; a restart is safe.
var ErrStopped = errors.New("the log store has stopped after a failure")

// failStop never lets Raft live on after a write that failed or did not return: such a leader keeps its office and serves nobody
// (hashicorp/raft#503, #666), or loses and wins it for ever (#614). A time-out that merely returned an error while the write went
// on in the background would let the log say one thing and Raft another; so after the first failure no answer is success any
// more, and the process is asked to exit.
type failStop struct {
	Backend
	stall   time.Duration
	fail    func(error) // called once, must not block
	once    sync.Once
	stopped atomic.Bool
}

func (f *failStop) StoreLog(l *raft.Log) error { return f.StoreLogs([]*raft.Log{l}) }

func (f *failStop) StoreLogs(logs []*raft.Log) error {
	return f.guard("store log entries", func() error { return f.Backend.StoreLogs(logs) })
}

func (f *failStop) DeleteRange(first, last uint64) error {
	return f.guard("delete log entries", func() error { return f.Backend.DeleteRange(first, last) })
}

func (f *failStop) Set(key, value []byte) error {
	return f.guard("store term or vote", func() error { return f.Backend.Set(key, value) })
}

func (f *failStop) SetUint64(key []byte, value uint64) error {
	return f.guard("store term or vote", func() error { return f.Backend.SetUint64(key, value) })
}

// guard makes a write on the caller's goroutine, with a timer beside it that stops the node if the write does not return.
func (f *failStop) guard(what string, write func() error) error {
	if f.stopped.Load() {
		return ErrStopped
	}
	stall := time.AfterFunc(f.stall, func() {
		f.stop(fmt.Errorf("the disk did not %s within %v", what, f.stall))
	})
	err := write()
	stall.Stop()
	if err != nil {
		f.stop(fmt.Errorf("the disk could not %s: %w", what, err))
		return err
	}
	if f.stopped.Load() {
		return ErrStopped // it came back too late: the process is exiting
	}
	return nil
}

func (f *failStop) stop(err error) {
	f.stopped.Store(true)
	f.once.Do(func() { f.fail(err) })
}
