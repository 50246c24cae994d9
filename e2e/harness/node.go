package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sessnode/sessnode/internal/drill/power"
)

// Node is one place in a cluster: its addresses, its disk and, while it runs, its process. Its methods must not be called
// concurrently with each other.
type Node struct {
	Name       string
	HTTPAddr   string
	NodeAddr   string
	GossipAddr string
	Disk       *power.Disk
	LogFile    string

	binary string
	args   []string
	proc   *Process
}

// Limits on what a healthy node may take; a run that meets one has failed.
const (
	drainLimit = 25 * time.Second
	readyLimit = 30 * time.Second
)

// URL returns the base address of the node's HTTP API.
func (n *Node) URL() string { return "http://" + n.HTTPAddr }

// Start starts the node's process on the data that its disk has.
func (n *Node) Start() error {
	if n.proc != nil && n.proc.Running() {
		return fmt.Errorf("%s runs already", n.Name)
	}
	args := append([]string{"serve", "--name", n.Name, "--data", n.Disk.Dir(), "--http", n.HTTPAddr, "--node", n.NodeAddr,
		"--gossip", n.GossipAddr, "--log-format", "json", "--log-level", "debug"}, n.args...)
	var err error
	n.proc, err = StartProcess(n.binary, args, n.LogFile)
	return err
}

// Add gives the node more flags from its next start on; a flag given again replaces the earlier one.
func (n *Node) Add(flags ...string) { n.args = append(n.args, flags...) }

// Running reports whether the node's process exists; a paused one does.
func (n *Node) Running() bool { return n.proc != nil && n.proc.Running() }

// Pid returns the id of the node's process, which must have been started.
func (n *Node) Pid() int { return n.proc.Pid() }

// Kill sends SIGKILL and verifies that it was this signal that ended the process.
func (n *Node) Kill() error {
	if !n.Running() {
		return fmt.Errorf("%s had ended before it could be killed: see its log", n.Name)
	}
	if err := n.proc.Kill(); err != nil {
		return err
	}
	if sig := n.proc.KilledBy(); sig != syscall.SIGKILL {
		return fmt.Errorf("%s was to be killed, but ended with %v", n.Name, n.proc.cmd.ProcessState)
	}
	return nil
}

// Stop sends SIGTERM, and expects a complete drain: exit code 0 within the drain's limit.
func (n *Node) Stop() error {
	if err := n.proc.Terminate(drainLimit); err != nil {
		return fmt.Errorf("stop %s: %w", n.Name, err)
	}
	return nil
}

// Pause stops the process with SIGSTOP. Resume lets it go on.
func (n *Node) Pause(ctx context.Context) error { return n.proc.Pause(ctx) }

// Resume lets a paused process go on.
func (n *Node) Resume(ctx context.Context) error { return n.proc.Resume(ctx) }

// AwaitReady waits until the node's /readyz says yes, or its process ends.
func (n *Node) AwaitReady(ctx context.Context) error {
	ended := false
	err := Await(ctx, readyLimit, n.Name+" ready", func(ctx context.Context) error {
		if ended = !n.Running(); ended {
			return nil
		}
		_, err := get(ctx, n.URL()+"/readyz")
		return err
	})
	if ended {
		return fmt.Errorf("%s has ended by itself (%v); %s ends with %q", n.Name, n.proc.cmd.ProcessState, filepath.Base(n.LogFile), n.lastWords())
	}
	return err
}

// lastWords returns the end of the node's log: what it says when it ends by itself is there, and the log goes with the test's folder.
func (n *Node) lastWords() []byte {
	const enough = 400
	log, err := os.ReadFile(n.LogFile)
	if err != nil {
		return []byte(err.Error())
	}
	return log[max(0, len(log)-enough):]
}

// Metrics returns the node's /metrics as text.
func (n *Node) Metrics(ctx context.Context) ([]byte, error) { return get(ctx, n.URL()+"/metrics") }

// close ends the process whatever state it is in, and gives up the disk.
func (n *Node) close(ctx context.Context) error {
	var err error
	if n.proc != nil {
		err = n.proc.Kill()
	}
	return errors.Join(err, n.Disk.Close(ctx))
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// port returns the port of an address.
func port(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

// Signal sends a signal to the node's process.
func (n *Node) Signal(s syscall.Signal) error { return n.proc.cmd.Process.Signal(s) }
