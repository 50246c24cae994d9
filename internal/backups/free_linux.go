package backups

import "golang.org/x/sys/unix"

// freeBytes returns how many bytes this user may still write to the file system of a folder, and how many it has.
func freeBytes(dir string) (free, total uint64) {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return 0, 0
	}
	return s.Bavail * uint64(s.Bsize), s.Blocks * uint64(s.Bsize)
}
