package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sessnode/sessnode/cluster/bootstrap"
)

// pledgeFile holds the one proposal of a new cluster that this node is pledged to. A pledge that was let go is no file.
const pledgeFile = "pledge"

// readPledge returns what this node is pledged to, or nil.
func readPledge(dir string) (*bootstrap.Record, error) {
	raw, err := os.ReadFile(filepath.Join(dir, pledgeFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("pledge: %w", err)
	}
	r := &bootstrap.Record{}
	if err := r.UnmarshalBinary(raw); err != nil {
		return nil, fmt.Errorf("pledge: %s is damaged: %w", filepath.Join(dir, pledgeFile), err)
	}
	return r, nil
}

// writePledge replaces the pledge, or lets it go (nil), so that after a crash either the old or the new one is there.
func writePledge(dir string, r *bootstrap.Record) (err error) {
	path := filepath.Join(dir, pledgeFile)
	defer func() {
		if err == nil {
			err = syncDir(dir)
		}
		if err != nil {
			err = fmt.Errorf("pledge: %w", err)
		}
	}()
	if r == nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	raw, err := r.MarshalBinary()
	if err != nil {
		return err
	}
	if err := writeSynced(path+".new", raw); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func writeSynced(path string, raw []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
