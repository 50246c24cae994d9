package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is one node's process. Its methods are safe for concurrent use.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended and was waited for
}

// OnOwnThread runs f on a thread that lives as long as f. Linux sends Pdeathsig when the thread that started the child ends, not
// the program (prctl(2)), and Go ends threads as it likes: so the thread that starts a node waits for it.
func OnOwnThread(f func()) {
	done := make(chan struct{})
	go func() { // ends with f
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		f()
	}()
	<-done
}

// startProcess starts a program with its output appended to logFile, and tells enter its pid at once.
func startProcess(binary string, args, env []string, logFile string, enter func(pid int) error) (*process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = env, log, log, nodeAttr()
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go OnOwnThread(func() { // ends with the process
		defer close(p.done)
		defer log.Close()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // the result is read from ProcessState
		}
	})
	if err := <-started; err != nil {
		return nil, err
	}
	if err := enter(p.pid()); err != nil {
		return nil, errors.Join(err, p.kill())
	}
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// running reports whether the process has not ended; a paused one runs.
func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// kill sends SIGKILL and waits for the end. Killing what has ended is no error.
func (p *process) kill() error {
	_ = p.cmd.Process.Kill()
	select {
	case <-p.done:
		return nil
	case <-time.After(goneLimit):
		return fmt.Errorf("pid %d survives SIGKILL", p.pid())
	}
}

// drainLimit bounds the wait for a process that was asked to stop: it drains first.
const drainLimit = 20 * time.Second

// terminate sends SIGTERM and waits for the end.
func (p *process) terminate(ctx context.Context) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	limit := time.NewTimer(drainLimit)
	defer limit.Stop()
	select {
	case <-p.done:
		return nil
	case <-limit.C:
		return fmt.Errorf("pid %d has not ended %v after SIGTERM", p.pid(), drainLimit)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// killed reports whether it was SIGKILL that ended the process.
func (p *process) killed() bool {
	if p.running() {
		return false
	}
	ws, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && ws.Signaled() && ws.Signal() == syscall.SIGKILL
}

// exit describes how the process ended, and its exit code: -1 for a signal.
func (p *process) exit() (how string, code int) {
	return p.cmd.ProcessState.String(), p.cmd.ProcessState.ExitCode()
}

// pause stops the process and returns once the kernel has stopped it. resume lets it go on.
func (p *process) pause(ctx context.Context) error {
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return Await(ctx, 2*time.Second, "the process to stop", func(context.Context) error {
		if !stopped(p.pid()) {
			return errors.New("it still runs")
		}
		return nil
	})
}

func (p *process) resume() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// plainEnv is this process's environment without what would configure a node behind our back.
func plainEnv() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SESSNODE_") {
			env = append(env, v)
		}
	}
	return env
}
