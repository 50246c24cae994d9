package docs

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Shell is one bash that a page's blocks go to, one after the other, as if a person pasted them: variables, functions and the
// folder stay. It is not safe for concurrent use.
type Shell struct {
	scratch  string // a folder for what is not the reader's business
	env      []string
	terminal *Terminal
	cmd      *exec.Cmd
	in       io.WriteCloser
	status   *bufio.Reader // a line with the exit code of each step
	asides   int
	last     int // exit code of the last command on the terminal, for $?
}

// StartShell starts a shell in a folder with exactly this environment. scratch is an empty folder of its own. Close must be
// called.
func StartShell(dir, scratch string, env []string) (*Shell, error) {
	s := &Shell{scratch: scratch, env: env}
	var err error
	if s.terminal, err = OpenTerminal(); err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer write.Close()
	s.status = bufio.NewReader(read)
	s.cmd = exec.Command("bash", "--noprofile", "--norc")
	s.cmd.Dir, s.cmd.Env = dir, env
	s.cmd.ExtraFiles = []*os.File{write}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	return s, s.cmd.Start()
}

// Run gives the shell some lines and returns what they printed, standard output and error together. It stops at the first
// command that fails, and then the shell is at its end: Run returns an error, as it does when limit passes.
func (s *Shell) Run(ctx context.Context, text string, limit time.Duration) (string, error) {
	output := filepath.Join(s.scratch, "step.out")
	text = "set -eEo pipefail; trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR\n" + text + "\nset +eEo pipefail; trap - ERR\n"
	_, err := s.step(ctx, text, output, limit)
	printed, readErr := os.ReadFile(output)
	if err == nil {
		err = readErr
	}
	return string(printed), err
}

// Show gives the shell one command, which prints on a terminal, and returns what it printed and its exit code. $? is the exit
// code of the command before. Show returns an error when limit passes, or the command ends the shell.
func (s *Shell) Show(ctx context.Context, command string, limit time.Duration) (string, int, error) {
	code, err := s.step(ctx, command, s.terminal.Path(), limit)
	printed, takeErr := s.terminal.Take()
	if err == nil {
		err = takeErr
	}
	s.last = code
	return printed, code, err
}

// step lets the shell read a script and print to a file, and waits for the exit code.
func (s *Shell) step(ctx context.Context, text, output string, limit time.Duration) (int, error) {
	script := filepath.Join(s.scratch, "step.sh")
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		return 0, err
	}
	// The folder's name holds no quote: os.MkdirTemp made it. 3 is the pipe of exit codes, and no business of the reader's.
	if _, err := fmt.Fprintf(s.in, "(exit %d); . '%s' >'%s' 2>&1 </dev/null 3>&-; echo $? >&3\n", s.last, script, output); err != nil {
		return 0, err
	}
	return s.await(ctx, limit)
}

// await waits for the exit code of a step.
func (s *Shell) await(ctx context.Context, limit time.Duration) (int, error) {
	type answer struct {
		line string
		err  error
	}
	answers := make(chan answer, 1)
	go func() { // ends with the line, or with the shell, which Close ends
		line, err := s.status.ReadString('\n')
		answers <- answer{line, err}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case a := <-answers:
		if a.err != nil {
			return 0, fmt.Errorf("a command failed")
		}
		return strconv.Atoi(strings.TrimSpace(a.line))
	case <-timer.C:
		return 0, fmt.Errorf("not done within %v", limit)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Beside starts lines in a process group of their own, with the shell's folder and variables as they are now, and does not
// wait for them.
func (s *Shell) Beside(ctx context.Context, text string) (*Aside, error) {
	s.asides++
	state := filepath.Join(s.scratch, fmt.Sprintf("state%d.sh", s.asides))
	save := fmt.Sprintf("{ declare -p | grep -Ev '^declare -[a-zA-Z]*r' ; printf 'cd %%q\\n' \"$PWD\"; } >'%s'", state)
	if printed, err := s.Run(ctx, save, 10*time.Second); err != nil {
		return nil, fmt.Errorf("save the shell's state: %w %s", err, printed)
	}
	output, err := os.Create(filepath.Join(s.scratch, fmt.Sprintf("beside%d.out", s.asides)))
	if err != nil {
		return nil, err
	}
	defer output.Close()
	cmd := exec.Command("bash", "--noprofile", "--norc", "-c", fmt.Sprintf(". '%s' 2>'%s.err'\n%s", state, state, text))
	cmd.Env = s.env
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	a := &Aside{cmd: cmd, output: output.Name(), done: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { // ends with the process, which Interrupt ends
		_ = cmd.Wait() // the result is read from ProcessState
		close(a.done)
	}()
	return a, nil
}

// Close ends the shell.
func (s *Shell) Close() {
	_ = s.in.Close()
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	_ = s.cmd.Wait()
	s.terminal.Close()
}
