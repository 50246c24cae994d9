package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sessnode/sessnode/e2e/harness"
)

// ticksPerSecond is the unit of the times in /proc/PID/stat: USER_HZ, which Linux shows as 100 everywhere (proc(5)).
const ticksPerSecond = 100

// cpuOf is the processor time that processes have used so far, with that of their children: PostgreSQL has one for each client.
func cpuOf(processes []*harness.Process) (seconds float64, err error) {
	children, err := childrenOf()
	if err != nil {
		return 0, err
	}
	for _, p := range processes {
		if !p.Running() {
			return 0, errors.New("a server has ended")
		}
		for _, pid := range withChildren(p.Pid(), children) {
			if own, _, err := statOf(pid); err == nil { // a child may have ended since
				seconds += own
			}
		}
	}
	return seconds, nil
}

// memoryOf is the resident memory of the process that has most, with its children, and that of all. Asking takes the kernel a while
// where pages are shared, so nothing is measured meanwhile.
func memoryOf(processes []*harness.Process) (largest, all int64, err error) {
	children, err := childrenOf()
	if err != nil {
		return 0, 0, err
	}
	for _, p := range processes {
		own := int64(0)
		for _, pid := range withChildren(p.Pid(), children) {
			resident, err := proportional(pid)
			if err != nil {
				_, resident, _ = statOf(pid) // where the kernel has no proportions; 0 of one that has ended
			}
			own += resident
		}
		all += own
		largest = max(largest, own)
	}
	return largest, all, nil
}

// childrenOf lists the processes that there are, by their parents.
func childrenOf() (map[int][]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, path := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		fields, err := statFields(pid)
		if err != nil || len(fields) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(fields[1]); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	return children, nil
}

func withChildren(pid int, children map[int][]int) []int {
	all := []int{pid}
	for _, child := range children[pid] {
		all = append(all, withChildren(child, children)...)
	}
	return all
}

// statFields returns what follows the name in /proc/PID/stat: the state is the first.
func statFields(pid int) ([]string, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])), nil // the name may hold anything, also brackets
}

// statOf returns the processor time of a process and of the children that it has waited for, and its resident memory.
func statOf(pid int) (cpuSeconds float64, residentBytes int64, err error) {
	f, err := statFields(pid)
	if err != nil {
		return 0, 0, err
	}
	if len(f) < 22 {
		return 0, 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(f))
	}
	ticks := 0.0
	for _, at := range []int{11, 12, 13, 14} { // utime, stime, cutime, cstime
		n, err := strconv.ParseFloat(f[at], 64)
		if err != nil {
			return 0, 0, err
		}
		ticks += n
	}
	pages, err := strconv.ParseInt(f[21], 10, 64)
	return ticks / ticksPerSecond, pages * int64(os.Getpagesize()), err
}

// proportional is the Pss of a process: shared pages, as PostgreSQL's buffers are, are divided among those that share them.
func proportional(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "Pss:"); ok {
			kB, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kB << 10, err
		}
	}
	return 0, errors.New("no Pss")
}
