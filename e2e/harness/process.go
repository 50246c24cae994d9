package harness

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is one running program. Its methods are safe for concurrent use.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended and was waited for
}

// onOwnThread runs f on a thread that lives as long as f: Pdeathsig is sent when the thread that started the child ends,
// not the program (prctl(2)), so the thread that starts a process must wait for it.
func onOwnThread(f func() error) error {
	result := make(chan error, 1)
	go func() { // ends with f
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		result <- f()
	}()
	return <-result
}

// StartProcess starts binary with its standard output and error appended to logFile. The process dies with the test.
func StartProcess(binary string, args []string, logFile string) (*Process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() { // ends with the process, which Kill ends
		_ = onOwnThread(func() error {
			err := cmd.Start()
			started <- err
			if err == nil {
				_ = cmd.Wait() // the result is read from ProcessState
			}
			return nil
		})
		_ = log.Close()
		close(p.done)
	}()
	return p, <-started
}

// Pid returns the process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Running reports whether the process has not ended; a paused one runs.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Kill sends SIGKILL and waits for the end. Killing what has ended is no error.
func (p *Process) Kill() error {
	_ = p.cmd.Process.Kill()
	select {
	case <-p.done:
		return nil
	case <-time.After(10 * time.Second):
		return fmt.Errorf("pid %d survives SIGKILL", p.Pid())
	}
}

// Terminate sends SIGTERM and waits until limit for an end with exit code 0.
func (p *Process) Terminate(limit time.Duration) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
	case <-time.After(limit):
		return fmt.Errorf("pid %d has not ended %v after SIGTERM", p.Pid(), limit)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("pid %d ended with %v after SIGTERM, want exit code 0", p.Pid(), p.cmd.ProcessState)
	}
	return nil
}

// KilledBy reports the signal that ended the process, 0 if none did or it still runs.
func (p *Process) KilledBy() syscall.Signal {
	if p.Running() {
		return 0
	}
	if ws, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return ws.Signal()
	}
	return 0
}

// Pause sends SIGSTOP and returns once the kernel has stopped it.
func (p *Process) Pause(ctx context.Context) error {
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return p.awaitStopped(ctx, true)
}

// Resume sends SIGCONT and returns once it runs again.
func (p *Process) Resume(ctx context.Context) error {
	if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		return err
	}
	return p.awaitStopped(ctx, false)
}

func (p *Process) awaitStopped(ctx context.Context, want bool) error {
	return Await(ctx, 2*time.Second, fmt.Sprintf("pid %d stopped=%v", p.Pid(), want), func(context.Context) error {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid()))
		if err != nil {
			return err
		}
		// "pid (name) state ...", where the name may hold anything, also brackets
		state := stat[bytes.LastIndexByte(stat, ')')+2]
		if (state == 'T') != want {
			return fmt.Errorf("state is %c", state)
		}
		return nil
	})
}
