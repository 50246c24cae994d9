package raftlog

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Old segments go in the background; those that a stop leaves are found at the next start.
func TestOldSegmentsAreRemovedBesideTheLog(t *testing.T) {
	dir := t.TempDir()
	w := newWALFiles(dir, walStep)
	remove := func(names ...string) {
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 100), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := w.Delete(dir, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	left := func(want ...string) {
		t.Helper()
		if rest, err := leftovers(dir, nil); err != nil || !slices.Equal(rest, want) {
			t.Errorf("%v are left, %v, want %v", rest, err, want)
		}
	}
	remove("1.wal", "2.wal")
	w.old.work.Wait()
	left()
	w.close()
	remove("3.wal", "4.wal")
	w.old.work.Wait()
	left("3.wal", "4.wal")
}
