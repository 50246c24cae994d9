package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"syscall"

	"github.com/sessnode/sessnode/internal/drill"
	"github.com/sessnode/sessnode/internal/local"
)

// innerMounts marks a process that runs in a mount namespace of its own.
const innerMounts = "SESSNODE_DRILL_MOUNTS"

// ownMounts runs this command once more in a mount namespace of its own if a scenario mounts disks: however the drill ends, the kernel
// then unmounts them. It returns false where that is not needed, done already, or not possible (then making the disks says why).
func ownMounts(ctx context.Context, std stdio, scenarios []drill.Scenario) (ran bool, err error) {
	needed := slices.ContainsFunc(scenarios, func(s drill.Scenario) bool { return s.Disks })
	if !needed || os.Geteuid() != 0 || os.Getenv(innerMounts) != "" {
		return false, nil
	}
	inner := exec.CommandContext(ctx, "/proc/self/exe", os.Args[1:]...)
	inner.Cancel = func() error { return inner.Process.Signal(syscall.SIGTERM) } // it cleans up
	inner.Stdin, inner.Stdout, inner.Stderr = std.in, std.out, std.err
	inner.Env = append(os.Environ(), innerMounts+"=1")
	inner.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGTERM}
	local.OnOwnThread(func() { err = inner.Run() })
	var exit *exec.ExitError
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return true, &silent{exit.ExitCode()}
	}
	return false, nil // no namespace to be had: the mounts are made here
}
