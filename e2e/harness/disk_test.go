//go:build e2e

package harness_test

import (
	"bytes"
	"errors"
	"github.com/sessnode/sessnode/internal/drill/power"
	"os"
	"path/filepath"
	"testing"
)

// write makes or overwrites a file, and flushes it and its directory if sync.
func write(t *testing.T, path string, data []byte, sync bool) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(data, 0); err != nil {
		t.Fatal(err)
	}
	if !sync {
		return
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		t.Fatal(err)
	}
}

func TestPowerCutDropsWhatWasNotFlushed(t *testing.T) {
	root := t.TempDir()
	disk, err := power.New(t.Context(), power.Memory(root), root, "disk")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := disk.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	page := bytes.Repeat([]byte("s"), 4096)
	for round := range 3 { // a disk must survive several cuts
		flushed, unflushed, overwritten := filepath.Join(disk.Dir(), "flushed"), filepath.Join(disk.Dir(), "unflushed"),
			filepath.Join(disk.Dir(), "overwritten")
		write(t, overwritten, page, true)
		write(t, unflushed, page, false)
		write(t, overwritten, bytes.Repeat([]byte("u"), 4096), false)
		write(t, flushed, page, true)
		if err := disk.Cut(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(flushed); err != nil || !bytes.Equal(got, page) {
			t.Errorf("round %d: the flushed file has %d bytes after the cut (%v), want all", round, len(got), err)
		}
		if got, err := os.ReadFile(unflushed); err == nil && bytes.Equal(got, page) {
			t.Errorf("round %d: the unflushed file survived the cut", round)
		} else if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("round %d: %v", round, err)
		}
		if got, err := os.ReadFile(overwritten); err != nil || !bytes.Equal(got, page) {
			t.Errorf("round %d: the unflushed overwriting survived the cut, or the old content did not (%v)", round, err)
		}
		if err := os.Remove(flushed); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPlainDiskCannotLosePower(t *testing.T) {
	disk, err := power.Plain(t.TempDir(), "disk")
	if err != nil {
		t.Fatal(err)
	}
	if err := disk.Cut(t.Context()); err == nil {
		t.Error("Cut() of a plain directory = nil, want an error: a cut that does nothing must not pass")
	}
}
