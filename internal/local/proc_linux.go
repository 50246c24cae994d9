package local

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// nodeAttr keeps Ctrl-C from reaching a node (a process group of its own) and has the kernel kill it with the program. The
// kernel's parent is the thread that started the node, not the program: see OnOwnThread.
func nodeAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// LookUp returns when a process began, in the system's own terms, and whether it runs: one that has ended and was not waited for
// does not. An error means that there is no such process.
func LookUp(pid int) (start string, running bool, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false, err
	}
	// "pid (name) state ppid ...", where the name may hold anything, brackets too. The start, field 22, is the 20th after it.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return "", false, fmt.Errorf("pid %d: cannot read %q", pid, stat)
	}
	return fields[19], fields[0] != "Z" && fields[0] != "X", nil
}

// stopped reports whether a process is paused.
func stopped(pid int) bool {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	return len(fields) > 0 && fields[0] == "T"
}

// commandOf returns the name of a process's program.
func commandOf(pid int) string {
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return strings.TrimSpace(string(name))
}
