//go:build !linux

package raftlog

import (
	"errors"
	"fmt"
)

// DiskFree is not known on this system: a node there never takes its disk for nearly full.
func DiskFree(dir string) (free, total uint64, err error) {
	return 0, 0, fmt.Errorf("free space of %s: %w", dir, errors.ErrUnsupported)
}
