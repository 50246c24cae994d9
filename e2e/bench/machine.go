package bench

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// machine describes where a folder is.
func machine(folder string) Machine {
	m := Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version(), LoadBefore: loadAverage(),
		Kernel: strings.TrimSpace(read("/proc/sys/kernel/osrelease")), CPU: "unknown", FileSystem: "unknown"}
	for line := range strings.Lines(read("/proc/cpuinfo")) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	if fields := strings.Fields(read("/proc/meminfo")); len(fields) > 1 {
		kB, _ := strconv.ParseInt(fields[1], 10, 64)
		m.Memory = kB << 10
	}
	if out, err := exec.Command("df", "--output=fstype", folder).Output(); err == nil {
		_, kind, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		m.FileSystem = strings.TrimSpace(kind)
	}
	return m
}

func read(path string) string {
	b, _ := os.ReadFile(path) // what is not there is not known
	return string(b)
}

// loadAverage is that of the last minute.
func loadAverage() float64 {
	first, _, _ := strings.Cut(read("/proc/loadavg"), " ")
	n, _ := strconv.ParseFloat(first, 64)
	return n
}

// firstLine is the first line of an error: the rest goes to the log.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
