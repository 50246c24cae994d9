//go:build unix && !linux

package local

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// nodeAttr keeps Ctrl-C from reaching a node: a process group of its own. Only Linux lets a child die with its parent; here
// the keeper alone sees to that.
func nodeAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// LookUp returns when a process began, in the system's own terms, and whether it runs: one that has ended and was not waited for
// does not. An error means that there is no such process.
func LookUp(pid int) (start string, running bool, err error) {
	state, start, found := strings.Cut(ps(pid, "state=,lstart="), " ")
	if !found {
		return "", false, fmt.Errorf("no process %d", pid)
	}
	return strings.TrimSpace(start), !strings.HasPrefix(state, "Z"), nil
}

// stopped reports whether a process is paused.
func stopped(pid int) bool { return strings.HasPrefix(ps(pid, "state="), "T") }

// commandOf returns the name of a process's program.
func commandOf(pid int) string { return filepath.Base(ps(pid, "comm=")) }

// ps asks ps for columns of one process; "" if there is none.
func ps(pid int, columns string) string {
	out, _ := exec.Command("ps", "-o", columns, "-p", strconv.Itoa(pid)).Output()
	return strings.TrimSpace(string(out))
}
