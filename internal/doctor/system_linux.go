package doctor

import "golang.org/x/sys/unix"

// fileSystem returns the kind of the file system of a path, where it is one of those that doctor warns of, and how many bytes this
// user may still write there; "" and 0 where it is not known.
func fileSystem(path string) (kind string, free uint64) {
	var s unix.Statfs_t
	if unix.Statfs(path, &s) != nil {
		return "", 0
	}
	kinds := map[int64]string{
		unix.TMPFS_MAGIC: "tmpfs", unix.RAMFS_MAGIC: "ramfs", unix.NFS_SUPER_MAGIC: "nfs", unix.SMB_SUPER_MAGIC: "cifs",
		unix.SMB2_SUPER_MAGIC: "cifs", unix.CIFS_SUPER_MAGIC: "cifs", unix.FUSE_SUPER_MAGIC: "fuse",
	}
	return kinds[int64(s.Type)&0xffffffff], max(1, s.Bavail*uint64(s.Bsize))
}

// openFiles returns how many files this process may open; 0 where it is not known. Go raises it to what the system allows at its start.
func openFiles() uint64 {
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	return l.Max
}
