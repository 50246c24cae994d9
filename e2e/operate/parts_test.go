//go:build e2e

package operate

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sessnode/sessnode"
)

// increment counts a click.
var increment = sessnode.Edit{Incr: map[string]int64{"clicks": 1}}

// wipe empties a directory, as a new disk is.
func wipe(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		t.Fatalf("the data directory has %d entries, %v: nothing would be lost", len(entries), err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
}
