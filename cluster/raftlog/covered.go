package raftlog

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// covered returns the index up to which the newest snapshot holds the state; 0 for none. Only from there on must the log be without
// gaps: after an installed snapshot raft goes on behind it and may keep what it had before. And there must be none in front of the
// log: without its snapshots a node would build its state from the log's remains. One that cannot be read does not count.
func (d *Dir) covered() (uint64, error) {
	base := filepath.Join(d.path, snapshotsName)
	found, err := os.ReadDir(base)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var newest uint64
	for _, entry := range found {
		if !entry.IsDir() || strings.HasSuffix(entry.Name(), unfinished) {
			continue // raft was still writing it
		}
		var meta struct{ Index uint64 }
		data, err := os.ReadFile(filepath.Join(base, entry.Name(), "meta.json"))
		if err == nil && json.Unmarshal(data, &meta) == nil {
			newest = max(newest, meta.Index)
		}
	}
	return newest, nil
}
