package keyring

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxFile keeps a mistaken path (a log, a device) from being read into memory.
const maxFile = 1 << 20

// Read reads and parses a key file.
func Read(path string) (Ring, error) {
	text, err := readText(path)
	if err != nil {
		return nil, err
	}
	return Parse(text)
}

func readText(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(raw) > maxFile {
		err = fmt.Errorf("the file is larger than %d bytes", maxFile)
	}
	return string(raw), err
}

// Create writes a file that is not there yet, readable by its owner alone. It wraps fs.ErrExist where one is.
func (r Ring) Create(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, r.Text())
	return errors.Join(err, f.Sync(), f.Close())
}

// Replace writes the keys in the place of a file's, whole or not at all. Owner and mode stay as they were: a node that runs as another
// user must still be able to read it. Where the path is a symbolic link, the file behind it is replaced.
func (r Ring) Replace(path string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	old, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, r.Text())
	err = errors.Join(err, like(f, old), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		return syncDir(filepath.Dir(path))
	}
	if gone := os.Remove(f.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
