package backups

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// partSuffix marks a file that is not whole.
const partSuffix = ".part"

// WriteFile writes a file (mode 0600) that is whole and on the disk before it gets its name: what write wrote goes to PATH.part first.
// Without replace it returns fs.ErrExist where there is a file already. After an error nothing is left behind.
func WriteFile(path string, replace bool, write func(io.Writer) error) (bytes int64, err error) {
	if _, err := os.Lstat(path); err == nil && !replace {
		return 0, fmt.Errorf("%s: %w", path, fs.ErrExist)
	}
	part := path + partSuffix
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part) // the first error says more
		}
	}()
	err = write(f)
	if err == nil {
		bytes, err = f.Seek(0, io.SeekCurrent)
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	if err := name(part, path, replace); err != nil {
		return 0, err
	}
	return bytes, syncDir(filepath.Dir(path))
}

// name gives the whole file its name. A link does not replace what somebody else made meanwhile; where there are no links, a rename must do.
func name(part, path string, replace bool) error {
	if !replace {
		err := os.Link(part, path)
		if err == nil {
			return os.Remove(part)
		}
		if errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return os.Rename(part, path)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
