package raftlog

import (
	"errors"

	"github.com/hashicorp/raft"
)

// Summary is what Verify found in a log.
type Summary struct {
	First, Last uint64 // indexes; 0 = the log is empty
	Term        uint64
}

// Verify reads the whole log of a node that is not running, without changing it. It returns ErrDamaged for the first thing that
// is not as it was stored. bbolt has no checksums of its own: of damage to its references, what leads to another page of the same
// kind that once was valid is the one sort that cannot be told. Of the WAL it is what looks as a torn write does: sectors of its newest
// write, and nothing but those, that are zeros.
func Verify(dir *Dir) (Summary, error) {
	return verify(dir, func(*raft.Log) {})
}

// Walk is Verify, and shows each entry that it reads on the way, in order. visit must not keep the entry's data.
func Walk(dir *Dir, visit func(*raft.Log)) (Summary, error) { return verify(dir, visit) }

func verify(dir *Dir, visit func(*raft.Log)) (found Summary, err error) {
	path := dir.LogPath()
	if err := dir.record().checkPresent(dir.path, true); err != nil {
		return Summary{}, err
	}
	bare, closing, err := openToRead(dir)
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, closing()) }()
	disk := &checksums{Backend: bare, path: path}
	if owner, err := disk.Get([]byte(keyOwner)); err != nil || string(owner) != dir.NodeID() {
		return Summary{}, errors.Join(err, damaged(path, "is not the log of node %s", dir.NodeID()))
	}
	if found.First, err = disk.FirstIndex(); err != nil {
		return Summary{}, err
	}
	if found.Last, err = disk.LastIndex(); err != nil {
		return Summary{}, err
	}
	for i := found.First; i <= found.Last && i != 0; i++ {
		var l raft.Log
		switch err := disk.GetLog(i, &l); {
		case err == nil:
			visit(&l)
		case !errors.Is(err, raft.ErrLogNotFound): // openToRead knows which may be missing
			return Summary{}, err
		}
	}
	found.Term, err = disk.GetUint64([]byte("CurrentTerm"))
	if isNotFound(err) {
		err = nil
	}
	return found, err
}

// openToRead opens a log without changing it, and checks it as OpenLog does.
func openToRead(dir *Dir) (Backend, func() error, error) {
	if dir.Kind() == WAL {
		r, err := readWAL(dir)
		return r, func() error { return nil }, err
	}
	bolt, err := openBolt(dir, 0, true)
	if err != nil {
		return nil, nil, err
	}
	return bolt, bolt.Close, nil
}
