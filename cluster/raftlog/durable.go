package raftlog

import (
	"errors"
	"os"
	"path/filepath"
)

// replaceFile puts data into dir/name so that after a crash at any moment either the old or the new content is there, whole,
// and after return the new one is. The half-written file of an earlier crash is overwritten.
func replaceFile(dir, name string, data []byte) error {
	path := filepath.Join(dir, name)
	tmp, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
