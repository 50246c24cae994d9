package raftlog

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// state is the name, size and time of every file of a directory.
func state(t *testing.T, path string) map[string]time.Time {
	t.Helper()
	all := map[string]time.Time{}
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		all[p] = info.ModTime()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLookingAtADirectoryChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	if _, err := OpenToRead(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("OpenToRead(missing) = %v, want fs.ErrNotExist", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("OpenToRead has made the directory")
	}
	dir, err := OpenDir(path, "n1")
	if err != nil {
		t.Fatal(err)
	}
	store, err := OpenLog(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenToRead(path); !errors.Is(err, ErrInUse) {
		t.Errorf("OpenToRead(in use) = %v, want ErrInUse", err)
	}
	if got := Owner(path); got != os.Getpid() {
		t.Errorf("Owner(in use) = %d, want this process, %d", got, os.Getpid())
	}
	if err := errors.Join(store.Close(), dir.Close()); err != nil {
		t.Fatal(err)
	}
	before := state(t, path)
	looked, err := OpenToRead(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(looked); err != nil || looked.Name() != "n1" {
		t.Errorf("Verify(%s) = %v, want n1 and none", looked.Name(), err)
	}
	if got := Owner(path); got != 0 {
		t.Errorf("Owner(only looked at) = %d, want 0", got)
	}
	if err := looked.Close(); err != nil {
		t.Fatal(err)
	}
	rec, err := Peek(path)
	if err != nil || rec.Name != "n1" || rec.Left {
		t.Errorf("Peek() = %+v, %v", rec, err)
	}
	after := state(t, path)
	for p, at := range before {
		if !after[p].Equal(at) {
			t.Errorf("%s was changed", p)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d files, want %d", len(after), len(before))
	}
}
