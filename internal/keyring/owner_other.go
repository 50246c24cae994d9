//go:build !unix

package keyring

import (
	"io/fs"
	"os"
)

// like gives a file the mode of another.
func like(f *os.File, old fs.FileInfo) error { return f.Chmod(old.Mode().Perm()) }
