package local

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// KeeperVerb is the hidden verb of the binary that runs Keep. Its one argument is the folder.
const KeeperVerb = "demo-keeper"

// goodbye is what a program that has cleaned up tells its keeper.
const goodbye = "goodbye\n"

// Keeper is the program's end of the pipe to the keeper process. The kernel closes the pipe however the program ends.
type Keeper struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser
}

// StartKeeper starts the keeper of a folder and enters it there.
func StartKeeper(binary string, folder *Folder) (*Keeper, error) {
	cmd := exec.Command(binary, KeeperVerb, folder.Path())
	cmd.Dir = "/"
	cmd.Env = plainEnv()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // neither Ctrl-C nor the end of the terminal may reach it
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("the keeper: %w", err)
	}
	return &Keeper{cmd, pipe}, folder.enter(kindKeeper, cmd.Process.Pid)
}

// Dismiss tells the keeper that all is clean, and waits for its end. clean false lets it try.
func (k *Keeper) Dismiss(clean bool) error {
	var err error
	if clean {
		_, err = io.WriteString(k.pipe, goodbye)
	}
	_ = k.pipe.Close()
	ended := make(chan error, 1)
	go func() { ended <- k.cmd.Wait() }() // ends with the keeper, at the latest with the kill below
	select {
	case waitErr := <-ended:
		return errors.Join(err, waitErr)
	case <-time.After(4 * goneLimit):
		_ = k.cmd.Process.Kill()
		return errors.Join(err, errors.New("the keeper did not end"), <-ended)
	}
}

// Keep is the keeper process: it blocks until pipe ends, which it does with the program. Without its goodbye it kills the
// nodes of the folder's ledger and removes the folder. It returns an error where it must leave something behind.
//
// It passes over signals: it is no use to anyone before the program has ended, and ends with it.
func Keep(pipe io.Reader, folder string) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	said, err := io.ReadAll(io.LimitReader(pipe, int64(len(goodbye))))
	if err == nil && string(said) == goodbye {
		return nil
	}
	return cleanUp(folder)
}
