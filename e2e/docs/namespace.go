package docs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const innerEnv = "SESSNODE_DOCS_INNER"

// Main runs a package's tests in a network of their own, where nothing but loopback exists and every port is free, by starting
// the test program once more inside one. Whatever still runs there at the end is killed. It returns the exit code for os.Exit.
func Main(m *testing.M) int {
	if os.Getenv(innerEnv) != "" {
		if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "FAIL: loopback: %v %s\n", err, out)
			return 1
		}
		return m.Run()
	}
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "FAIL: the tests of the documentation need root: a network in which the ports of the pages are free")
		return 1
	}
	// The network inside reaches no registry: what the pages import has to be there before.
	if out, err := exec.Command("../../scripts/python.sh").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "FAIL: the Python packages: %v\n%s", err, out)
		return 1
	}
	code, err := runInside()
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		return 1
	}
	return code
}

func runInside() (int, error) {
	runtime.LockOSThread() // Pdeathsig is sent when the thread that started the child ends (prctl(2))
	defer runtime.UnlockOSThread()
	inner := exec.Command("/proc/self/exe", os.Args[1:]...)
	inner.Stdin, inner.Stdout, inner.Stderr = os.Stdin, os.Stdout, os.Stderr
	inner.Env = append(os.Environ(), innerEnv+"=1")
	inner.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := inner.Start(); err != nil {
		return 1, err
	}
	network, err := networkOf(inner.Process.Pid)
	if err != nil {
		return 1, err
	}
	err = inner.Wait()
	for _, p := range Residents(network) {
		_ = syscall.Kill(p.Pid, syscall.SIGKILL)
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode(), nil
	}
	return 1, err
}

// AddHost gives this network one more address, as if there were another host.
func AddHost(ctx context.Context, address string) error {
	out, err := exec.CommandContext(ctx, "ip", "address", "replace", address+"/32", "dev", "lo").CombinedOutput()
	if err != nil {
		return fmt.Errorf("add the address %s: %w %s", address, err, out)
	}
	return nil
}

// networkOf names the network that a process lives in.
func networkOf(pid int) (string, error) { return os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pid)) }

// OwnNetwork names the network of this process.
func OwnNetwork() (string, error) { return networkOf(os.Getpid()) }

// Resident is a process in a network.
type Resident struct {
	Pid  int
	Name string
}

// Residents lists the processes that live in a network, but this one. Zombies are none: they have no network any more.
func Residents(network string) []Resident {
	var all []Resident
	links, _ := filepath.Glob("/proc/[0-9]*/ns/net") // the pattern is right
	for _, link := range links {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(link))))
		if err != nil || pid == os.Getpid() {
			continue
		}
		if name, err := networkOf(pid); err != nil || name != network {
			continue
		}
		comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
		all = append(all, Resident{pid, strings.TrimSpace(string(comm))})
	}
	return all
}
