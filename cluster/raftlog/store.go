package raftlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"

	"github.com/sessnode/sessnode/internal/sabotage"
)

// Backend is what Raft keeps its log, term and vote in.
type Backend interface {
	raft.LogStore
	raft.StableStore
}

// Options say how a log is opened. The zero value is usable.
type Options struct {
	StallTimeout time.Duration         // how long a write may take before the node stops; default 10 s
	OnFailure    func(error)           // called once, must not block; default nothing
	Wrap         func(Backend) Backend // between the disk and the fail-stop: slow, failing and held disks in tests
}

// Store is the log store of one node.
type Store struct {
	Backend
	bolt *raftboltdb.BoltStore
	path string
	*Counts
}

const logFile = "raft.db"

// OpenLog opens the log in dir, and makes it if the node is fresh. A damaged file is an error that names the file and the cure.
func OpenLog(dir *Dir, o Options) (*Store, error) {
	if o.StallTimeout == 0 {
		o.StallTimeout = 10 * time.Second
	}
	if o.OnFailure == nil {
		o.OnFailure = func(error) {}
	}
	path := filepath.Join(dir.path, logFile)
	if err := dir.admitLog(path); err != nil {
		return nil, err
	}
	bolt, err := openBolt(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be used: %w (move the data directory away and start again: the node rejoins under a new id)", path, err)
	}
	if sabotage.On(sabotage.LoseTail) {
		if err := loseTail(bolt); err != nil {
			return nil, err
		}
	}
	counts := &Counts{}
	var backend Backend = &counting{Backend: bolt, counts: counts}
	if o.Wrap != nil {
		backend = o.Wrap(backend)
	}
	backend = &failStop{Backend: &voteOrder{Backend: &chunked{backend}}, stall: o.StallTimeout, fail: o.OnFailure}
	return &Store{Backend: backend, bolt: bolt, path: path, Counts: counts}, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.bolt.Close() }

// SizeBytes returns the size of the file, which never shrinks.
func (s *Store) SizeBytes() uint64 {
	info, err := os.Stat(s.path)
	if err != nil {
		return 0
	}
	return uint64(info.Size())
}

// openBolt opens the file and reads its ends. bbolt panics on pages that make no sense: here that is an error.
func openBolt(path string) (store *raftboltdb.BoltStore, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the file is damaged: %v", p)
		}
	}()
	store, err = raftboltdb.New(raftboltdb.Options{
		Path:                    path,
		NoSync:                  sabotage.On(sabotage.NoFsync),
		MsgpackUseNewTimeFormat: true,
		BoltOptions: &bbolt.Options{
			Timeout:         time.Second, // a second process must not hang on the lock for ever
			NoFreelistSync:  true,        // else each append writes the list of free pages (Consul, Vault)
			FreelistType:    bbolt.FreelistMapType,
			InitialMmapSize: 1 << 30, // address space, not memory: growing the map stops all readers
			NoSync:          sabotage.On(sabotage.NoFsync),
		},
	})
	if errors.Is(err, bbolt.ErrTimeout) {
		return nil, errors.New("another process has it open")
	}
	if err != nil {
		return nil, err
	}
	if err := readEnds(store); err != nil {
		_ = store.Close()
		return nil, err
	}
	return store, nil
}

// readEnds decodes the first and the last entry.
func readEnds(store Backend) error {
	first, err := store.FirstIndex()
	if err != nil {
		return err
	}
	last, err := store.LastIndex()
	if err != nil {
		return err
	}
	for _, index := range []uint64{first, last} {
		var l raft.Log
		if index == 0 {
			continue
		}
		if err := store.GetLog(index, &l); err != nil {
			return fmt.Errorf("log entry %d: %w", index, err)
		}
		if l.Index != index {
			return fmt.Errorf("log entry %d says that it is %d", index, l.Index)
		}
	}
	return nil
}

// loseTail forgets the last five commands, and what follows them: sabotage only.
func loseTail(store Backend) error {
	last, err := store.LastIndex()
	if err != nil {
		return err
	}
	first, err := store.FirstIndex()
	if err != nil {
		return err
	}
	cut := last + 1
	for commands := 0; commands < 5 && cut > first+1; {
		cut--
		var l raft.Log
		if err := store.GetLog(cut, &l); err != nil {
			return err
		}
		if l.Type == raft.LogCommand {
			commands++
		}
	}
	if cut > last {
		return nil
	}
	return store.DeleteRange(cut, last)
}
