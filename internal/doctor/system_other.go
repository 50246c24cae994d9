//go:build !linux

package doctor

// fileSystem is not known here.
func fileSystem(string) (kind string, free uint64) { return "", 0 }

// openFiles is not known here.
func openFiles() uint64 { return 0 }
