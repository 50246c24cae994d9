//go:build unix && !solaris && !aix

package raftlog

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// OpenToRead opens an existing data directory for looking only: nothing in it is written, and as long as it is open no node can
// start on it. The Dir is good for Verify and for its names; it must not be changed. It returns fs.ErrNotExist where there is no directory or
// where it is empty, and otherwise what OpenDir returns, but ErrLeft; in use, it is ErrInUse, see Owner.
func OpenToRead(path string) (*Dir, error) {
	lock, err := os.Open(filepath.Join(path, "lock"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if lock != nil {
		if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); err != nil {
			return nil, errors.Join(ErrInUse, lock.Close())
		}
	}
	rec, err := readRecord(path)
	known := err == nil
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		if missing := rec.checkPresent(path, known); missing != nil {
			err = missing
		}
	}
	if err != nil {
		if lock != nil {
			err = errors.Join(err, lock.Close())
		}
		return nil, err
	}
	return &Dir{path: path, rec: rec, lock: lock}, nil
}

// Owner returns the id of the process that has a data directory open; 0 where none has.
func Owner(path string) int {
	lock, err := os.Open(filepath.Join(path, "lock"))
	if err != nil {
		return 0
	}
	defer lock.Close()
	if !errors.Is(syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK) {
		return 0
	}
	text, _ := io.ReadAll(io.LimitReader(lock, 32))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// Record is what a data directory says about its node.
type Record struct {
	Name, ID   string
	Cluster    string // empty before it belongs to one
	Generation uint64
	Left       bool // it has left its cluster, and cannot be started again
}

// Peek reads what a data directory says about its node, whoever has it open. It returns fs.ErrNotExist where it says nothing, and wraps
// ErrDamaged or ErrUnfit.
func Peek(path string) (Record, error) {
	rec, err := readRecord(path)
	return Record{rec.Name, rec.NodeID, rec.Cluster, rec.Generation, rec.Left}, err
}
