package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

const innerEnv = "SESSNODE_E2E_INNER"

// Main runs a package's tests in a mount namespace of their own, by starting the test program once more inside one: when
// the tests end, however they end, the kernel unmounts every node's disk. It returns the exit code for os.Exit.
func Main(m *testing.M) int {
	if os.Getenv(innerEnv) != "" {
		return m.Run()
	}
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "FAIL: the tests over real processes need root: loop mounts to lose unsynced writes, and a packet socket")
		return 1
	}
	inner := exec.Command("/proc/self/exe", os.Args[1:]...)
	inner.Stdin, inner.Stdout, inner.Stderr = os.Stdin, os.Stdout, os.Stderr
	inner.Env = append(os.Environ(), innerEnv+"=1")
	inner.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := onOwnThread(inner.Run)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode()
	}
	fmt.Fprintln(os.Stderr, "FAIL:", err)
	return 1
}
