package raftlog

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Old segments go in the background; those that a stop leaves are found at the next start.
func TestOldSegmentsAreRemovedBesideTheLog(t *testing.T) {
	dir := t.TempDir()
	w := newWALFiles(dir, walStep)
	remove := func(from, to int) {
		for i := from; i < to; i++ {
			name := fmt.Sprintf("%020d-%016x.wal", i, i)
			if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 100), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := w.Delete(dir, name); err != nil {
				t.Fatal(err)
			}
		}
		w.working.Wait()
	}
	remove(0, 50)
	if rest, err := leftovers(dir, nil); err != nil || len(rest) != 0 {
		t.Errorf("%d segments are left, %v, want none", len(rest), err)
	}
	w.close()
	remove(50, 53)
	if rest, err := leftovers(dir, nil); err != nil || len(rest) != 3 {
		t.Errorf("%d segments are left behind a stop, %v, want 3", len(rest), err)
	}
}
