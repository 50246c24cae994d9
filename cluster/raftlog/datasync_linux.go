package raftlog

import (
	"os"
	"syscall"
)

// datasync makes a file's content durable, and of its metadata only what is needed to read it.
func datasync(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
