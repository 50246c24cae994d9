//go:build e2e

package harness_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
)

func shell(t *testing.T, script string) (*harness.Process, string) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	p, err := harness.StartProcess("/bin/sh", []string{"-c", script}, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
	return p, log
}

func TestKillIsVerified(t *testing.T) {
	p, _ := shell(t, "sleep 60")
	if err := p.Kill(); err != nil || p.KilledBy() != syscall.SIGKILL || p.Running() {
		t.Errorf("Kill() = %v, killed by %v, running %v; want nil, killed, false", err, p.KilledBy(), p.Running())
	}
	q, _ := shell(t, "exit 3")
	err := harness.Await(t.Context(), 5*time.Second, "the end", func(ctx context.Context) error {
		if q.Running() {
			return os.ErrProcessDone
		}
		return nil
	})
	if err != nil || q.KilledBy() != 0 {
		t.Errorf("a process that ended by itself: %v, killed by %v; want 0", err, q.KilledBy())
	}
}

func TestPauseStopsTheProcess(t *testing.T) {
	p, log := shell(t, "while :; do echo x; sleep 0.01; done")
	grown := func(ctx context.Context) error {
		if b, _ := os.ReadFile(log); len(b) < 10 {
			return os.ErrDeadlineExceeded
		}
		return nil
	}
	if err := harness.Await(t.Context(), 5*time.Second, "output", grown); err != nil {
		t.Fatal(err)
	}
	if err := p.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(log)
	<-time.After(50 * time.Millisecond) // five times as long as it needs for one more line
	after, _ := os.ReadFile(log)
	if !bytes.Equal(before, after) {
		t.Error("the paused process went on writing")
	}
	if err := p.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTerminateDoesNotWaitForever(t *testing.T) {
	p, _ := shell(t, "trap '' TERM; while :; do sleep 0.01; done")
	if err := p.Terminate(50 * time.Millisecond); err == nil {
		t.Error("Terminate() of a process that ignores SIGTERM = nil, want an error")
	}
}

func TestTerminateWantsExitCodeZero(t *testing.T) {
	p, _ := shell(t, "sleep 60")
	if err := p.Terminate(5 * time.Second); err == nil || !strings.Contains(err.Error(), "want exit code 0") {
		t.Errorf("Terminate() = %v, want an error about the exit code", err)
	}
}
