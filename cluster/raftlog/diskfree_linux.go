package raftlog

import (
	"fmt"
	"syscall"
)

// DiskFree returns how many bytes this process may still write to the file system that holds dir, and how many it has in all. What is
// reserved for root does not count as free. It is safe for concurrent use.
func DiskFree(dir string) (free, total uint64, err error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	block := uint64(fs.Bsize)
	return fs.Bavail * block, fs.Blocks * block, nil
}
