package cluster

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// sendToDisk begins to write a range of a file to the disk, and does not wait for it. A sync instead would make the file system commit its
// journal, for which every flush of the log on the same disk waits, and the commit for all data that is on its way.
func sendToDisk(f *os.File, from, to int64) error {
	return syncRange(f, from, to, unix.SYNC_FILE_RANGE_WRITE)
}

// awaitDisk waits until a range that was sent has been written.
func awaitDisk(f *os.File, from, to int64) error {
	return syncRange(f, from, to, unix.SYNC_FILE_RANGE_WAIT_BEFORE)
}

func syncRange(f *os.File, from, to int64, flags int) error {
	if from >= to {
		return nil
	}
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		for failed = unix.EINTR; failed == unix.EINTR; {
			failed = unix.SyncFileRange(int(fd), from, to-from, flags)
		}
	})
	if err != nil {
		return err
	}
	for _, cannot := range []error{unix.ENOSYS, unix.EPERM, unix.EINVAL, unix.ESPIPE, unix.EOPNOTSUPP} {
		if errors.Is(failed, cannot) { // a sandbox, or a file system of its own kind: the whole file is flushed in the end anyway
			return f.Sync()
		}
	}
	return os.NewSyscallError("sync_file_range", failed)
}
