package raftlog

import (
	"github.com/hashicorp/raft"
)

// keyOwner holds, in the log's own file, the id of the node that it belongs to: a log that was copied from another node, or made
// anew by hand, would let this node deny its votes.
const keyOwner = "sessnode.node"

// admit checks that the log is this node's and that both its ends can be read. On a fresh log it leaves the node's mark.
func admit(dir *Dir, disk Backend) error {
	path := dir.LogPath()
	owner, err := disk.Get([]byte(keyOwner))
	switch {
	case isNotFound(err) && dir.unused():
		if err := disk.Set([]byte(keyOwner), []byte(dir.NodeID())); err != nil {
			return err
		}
		if err := syncDir(dir.path); err != nil {
			return err
		}
	case isNotFound(err):
		return damaged(path, "is not the log of node %s: it has no owner", dir.NodeID())
	case err != nil:
		return err
	case string(owner) != dir.NodeID():
		return damaged(path, "is the log of node %s, not of %s", owner, dir.NodeID())
	}
	if err := readEnds(path, disk); err != nil {
		return err
	}
	return dir.markLog()
}

// unused reports whether the log may be new: nothing was ever promised on its strength.
func (d *Dir) unused() bool { return !d.record().LogMade }

// readEnds decodes the first and the last entry, and the term.
func readEnds(path string, disk Backend) error {
	first, err := disk.FirstIndex()
	if err != nil {
		return err
	}
	last, err := disk.LastIndex()
	if err != nil {
		return err
	}
	for _, index := range []uint64{first, last} {
		if index == 0 {
			continue
		}
		if err := disk.GetLog(index, new(raft.Log)); err != nil {
			return err
		}
	}
	if _, err := disk.GetUint64([]byte("CurrentTerm")); err != nil && !isNotFound(err) {
		return err
	}
	return nil
}

// isNotFound knows an absent key the way hashicorp/raft does, by its text.
func isNotFound(err error) bool { return err != nil && err.Error() == "not found" }

// loseTail forgets the last five commands, and what follows them: sabotage only.
func loseTail(disk Backend) error {
	first, err := disk.FirstIndex()
	if err != nil {
		return err
	}
	last, err := disk.LastIndex()
	if err != nil {
		return err
	}
	cut := last + 1
	for commands := 0; commands < 5 && cut > first+1; {
		cut--
		var l raft.Log
		if err := disk.GetLog(cut, &l); err != nil {
			return err
		}
		if l.Type == raft.LogCommand {
			commands++
		}
	}
	if cut > last {
		return nil
	}
	return disk.DeleteRange(cut, last)
}
