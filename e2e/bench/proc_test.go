package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sessnode/sessnode/e2e/harness"
)

func TestUsageCountsAProcessWithItsChildren(t *testing.T) {
	// The one that is started only waits; its child works until it is killed with the group.
	p, err := harness.StartProcess("/bin/sh", []string{"-c", "(while :; do :; done) & wait"}, filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	processes := []*harness.Process{p}
	defer func() {
		_ = syscall.Kill(-p.Pid(), syscall.SIGKILL)
		_ = p.Kill()
	}()
	if err := harness.Await(t.Context(), startLimit, "a child's time counts", func(context.Context) error {
		if used, err := cpuOf(processes); err != nil || used < 0.05 {
			return fmt.Errorf("%v s, %v", used, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	largest, all, err := memoryOf(append(processes[:1:1], processes...))
	if err != nil || largest == 0 || all != 2*largest {
		t.Errorf("memoryOf(one, twice) = %d, %d, %v, want twice the same", largest, all, err)
	}
	if err := syscall.Kill(-p.Pid(), syscall.SIGKILL); err != nil { // the child, too
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := cpuOf(processes); err == nil {
		t.Error("cpuOf a process that has ended = nil, want an error: a system that lost a server is not measured")
	}
}
