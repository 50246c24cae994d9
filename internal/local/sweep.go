package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// unfinished is after how long a folder without a ledger counts as left behind: a demo writes the ledger at once.
const unfinished = time.Minute

// Sweep removes what demos and drills of this user have left behind that were killed together with their keepers, and returns the folders.
// It leaves alone what has any process that lives, and what others made.
func Sweep() (removed []string) {
	found, _ := os.ReadDir(os.TempDir())
	for _, d := range found {
		if !ours(d.Name()) {
			continue
		}
		if folder := filepath.Join(os.TempDir(), d.Name()); sweep(folder) {
			removed = append(removed, folder)
		}
	}
	return removed
}

// sweep removes one folder and reports whether it did.
func sweep(folder string) bool {
	entries, err := readLedger(folder)
	if errors.Is(err, fs.ErrNotExist) { // killed before it could write the ledger: then there is nothing else either
		info, err := os.Lstat(folder)
		return err == nil && time.Since(info.ModTime()) > unfinished && mine(folder) == nil && os.Remove(folder) == nil
	}
	if err != nil || len(entries) == 0 {
		return false
	}
	for _, e := range entries {
		if e.lives() {
			return false
		}
	}
	return os.RemoveAll(folder) == nil
}
