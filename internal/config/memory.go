package config

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// fallbackMemory is assumed where the system does not say how much there is.
const fallbackMemory = 1 << 30

// Memory returns how many bytes of memory this process may use: the smaller of the machine's and its control group's. Root
// is the root of the file system (os.DirFS("/")).
func Memory(root fs.FS) uint64 {
	least := uint64(0)
	for _, n := range []uint64{
		meminfo(root),
		number(root, "sys/fs/cgroup/memory.max"),
		number(root, "sys/fs/cgroup/memory/memory.limit_in_bytes"),
	} {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	if least == 0 {
		return fallbackMemory
	}
	return least
}

func number(root fs.FS, path string) uint64 {
	raw, err := fs.ReadFile(root, path)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseUint(strings.TrimSpace(string(raw)), 10, 64) // "max" means no limit
	return n
}

func meminfo(root fs.FS) uint64 {
	raw, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		var kib uint64
		if _, err := fmt.Sscanf(line, "MemTotal: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}
