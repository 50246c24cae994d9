//go:build unix

package keyring

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// like gives a file the mode and the owner of another.
func like(f *os.File, old fs.FileInfo) error {
	err := f.Chmod(old.Mode().Perm())
	if sys, known := old.Sys().(*syscall.Stat_t); known && (int(sys.Uid) != os.Geteuid() || int(sys.Gid) != os.Getegid()) {
		err = errors.Join(err, f.Chown(int(sys.Uid), int(sys.Gid)))
	}
	return err
}
