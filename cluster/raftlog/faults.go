package raftlog

import (
	"sync"

	"github.com/hashicorp/raft"
)

// Faults is a disk as tests want it; Wrap puts it into Options.Wrap. A hook that is nil does nothing; one that blocks is a disk
// that hangs; one that returns an error is a disk that fails, before anything was written unless its name says after.
type Faults struct {
	BeforeStore  func(logs []*raft.Log) error
	AfterStore   func(logs []*raft.Log) error // the entries are on disk, whatever it returns
	BeforeSet    func(key string) error
	BeforeDelete func(first, last uint64) error
}

// Wrap returns the disk with its faults.
func (f *Faults) Wrap(disk Backend) Backend { return &faulty{disk, f} }

type faulty struct {
	Backend
	faults *Faults
}

func (f *faulty) StoreLog(l *raft.Log) error { return f.StoreLogs([]*raft.Log{l}) }

func (f *faulty) StoreLogs(logs []*raft.Log) error {
	if hook := f.faults.BeforeStore; hook != nil {
		if err := hook(logs); err != nil {
			return err
		}
	}
	err := f.Backend.StoreLogs(logs)
	if hook := f.faults.AfterStore; hook != nil && err == nil {
		err = hook(logs)
	}
	return err
}

func (f *faulty) DeleteRange(first, last uint64) error {
	if hook := f.faults.BeforeDelete; hook != nil {
		if err := hook(first, last); err != nil {
			return err
		}
	}
	return f.Backend.DeleteRange(first, last)
}

func (f *faulty) Set(key, value []byte) error {
	if hook := f.faults.BeforeSet; hook != nil {
		if err := hook(string(key)); err != nil {
			return err
		}
	}
	return f.Backend.Set(key, value)
}

func (f *faulty) SetUint64(key []byte, value uint64) error {
	if hook := f.faults.BeforeSet; hook != nil {
		if err := hook(string(key)); err != nil {
			return err
		}
	}
	return f.Backend.SetUint64(key, value)
}

// Gate holds a disk: what comes to Pass while it is shut waits until it is opened. The zero value is open.
type Gate struct {
	mu     sync.Mutex
	shut   chan struct{} // nil = open
	waiter chan struct{} // closed when somebody waits
}

// Shut closes the gate, and returns a channel that is closed when the first one waits at it.
func (g *Gate) Shut() (waiting <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut == nil {
		g.shut, g.waiter = make(chan struct{}), make(chan struct{})
	}
	return g.waiter
}

// Open lets everybody through.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		close(g.shut)
		g.shut = nil
	}
}

// Pass returns when the gate is open.
func (g *Gate) Pass() {
	g.mu.Lock()
	shut := g.shut
	if shut != nil {
		select {
		case <-g.waiter:
		default:
			close(g.waiter)
		}
	}
	g.mu.Unlock()
	if shut != nil {
		<-shut
	}
}
