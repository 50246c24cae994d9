package raftlog

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"

	"github.com/sessnode/sessnode/internal/sabotage"
)

// openBolt checks the file and opens it with raft-boltdb. What it must not do is panic: bbolt does so on pages that make no
// sense, in part on goroutines of its own where nobody can recover it; so checkPages reads the whole tree beforehand.
func openBolt(dir *Dir, mmapSize int, readOnly bool) (store *raftboltdb.BoltStore, err error) {
	path := dir.LogPath()
	var file *os.File // bbolt keeps the file, and its lock, when it panics
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = damaged(path, "%v", p)
			if file != nil {
				_ = file.Close()
			}
		}
	}()
	if err := checkFile(dir); err != nil {
		return nil, err
	}
	noSync := sabotage.On(sabotage.NoFsync)
	store, err = raftboltdb.New(raftboltdb.Options{
		Path:                    path,
		NoSync:                  noSync,
		MsgpackUseNewTimeFormat: true, // from the first day: the formats cannot be mixed later
		BoltOptions: &bbolt.Options{
			Timeout:         time.Second, // a second process must not hang on the lock for ever
			NoFreelistSync:  true,        // else each append writes the list of free pages (Consul, Vault#11072)
			FreelistType:    bbolt.FreelistMapType,
			InitialMmapSize: mmapSize,
			ReadOnly:        readOnly,
			NoSync:          noSync,
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				f, err := os.OpenFile(name, flag, mode)
				file = f
				return f, err
			},
		},
	})
	switch {
	case errors.Is(err, bbolt.ErrTimeout):
		return nil, fmt.Errorf("%w: %s is open in another process. Stop that one first", ErrInUse, path)
	case errors.Is(err, bbolt.ErrInvalid), errors.Is(err, bbolt.ErrChecksum), errors.Is(err, bbolt.ErrVersionMismatch):
		return nil, damaged(path, "%v", err)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be opened: %w", path, err)
	}
	return store, nil
}

// checkFile returns nil for a file that is missing or empty (bbolt makes one), and ErrDamaged for one that is not whole.
func checkFile(dir *Dir) error {
	path := dir.LogPath()
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	covered, err := dir.covered()
	if err != nil {
		return err
	}
	m, err := readMetas(f, info.Size())
	if err == nil {
		err = checkPages(f, m, covered)
	}
	if err != nil {
		return damaged(path, "%v", err)
	}
	return nil
}
