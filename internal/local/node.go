package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// AskLimit bounds one question to a node; a paused node answers none.
const AskLimit = 500 * time.Millisecond

// Life is what has become of a node's process.
type Life string

// The lives of a process.
const (
	Running Life = "running"
	Paused  Life = "paused"  // SIGSTOP
	Killed  Life = "killed"  // SIGKILL, by us
	Stopped Life = "stopped" // SIGTERM, by us
	Ended   Life = "ended"   // by itself

	// Silent is a node that runs elsewhere and does not answer: whether it runs cannot be told.
	Silent Life = "no answer"
)

// errAttached means that only who runs a node can do that to its process.
var errAttached = errors.New("runs elsewhere: its process is out of reach")

// Node is one node. It is safe for concurrent use.
type Node struct {
	Name       string
	URL        string // base address of its HTTP API
	NodeAddr   string // where other nodes reach it
	GossipAddr string
	DataDir    string
	LogFile    string
	Ask        *client.Client // of this node only, as operator, one try
	Order      *client.Client // likewise, for what takes longer than a look

	attached http.RoundTripper // to a node that runs elsewhere, which has no process, directory or log here; nil: one of ours

	binary string
	args   []string
	env    []string
	folder *Folder

	mu      sync.Mutex
	proc    *process // nil before the first start
	paused  bool
	struck  bool      // it was sent SIGKILL
	stopped bool      // it was sent SIGTERM
	since   time.Time // when it was started, paused, resumed or ended by us; of one that runs elsewhere: when it was heard last
}

// Start starts the node's process on the data that it has.
func (n *Node) Start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.attached != nil {
		return fmt.Errorf("%s %w", n.Name, errAttached)
	}
	if n.proc != nil && n.proc.running() {
		return fmt.Errorf("%s runs already", n.Name)
	}
	proc, err := startProcess(n.binary, n.args, n.env, n.LogFile, func(pid int) error { return n.folder.enter(kindNode, pid) })
	if err != nil {
		return fmt.Errorf("start %s: %w", n.Name, err)
	}
	n.proc, n.paused, n.struck, n.stopped, n.since = proc, false, false, false, time.Now()
	return nil
}

// Kill sends SIGKILL, waits for the end, and verifies that it was this signal that ended the process.
func (n *Node) Kill() (pid int, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.attached != nil {
		return 0, fmt.Errorf("%s %w", n.Name, errAttached)
	}
	if n.proc == nil || !n.proc.running() {
		return 0, fmt.Errorf("%s does not run", n.Name)
	}
	n.struck = true
	if err := n.proc.kill(); err != nil {
		return n.proc.pid(), fmt.Errorf("kill %s: %w", n.Name, err)
	}
	n.since = time.Now()
	if !n.proc.killed() {
		how, _ := n.proc.exit()
		return n.proc.pid(), fmt.Errorf("%s was to be killed, but ended with %s", n.Name, how)
	}
	return n.proc.pid(), nil
}

// Stop sends SIGTERM, waits until the process has drained and ended, and returns how. Ending in any other way than with 0 is an error.
func (n *Node) Stop(ctx context.Context) (how string, err error) {
	if n.attached != nil {
		return "", fmt.Errorf("%s %w", n.Name, errAttached)
	}
	n.mu.Lock()
	proc := n.proc
	if proc == nil || !proc.running() {
		n.mu.Unlock()
		return "", fmt.Errorf("%s does not run", n.Name)
	}
	n.stopped = true
	n.mu.Unlock() // it drains for a while, and is looked at meanwhile
	if err := proc.terminate(ctx); err != nil {
		return "", fmt.Errorf("stop %s: %w", n.Name, err)
	}
	n.mu.Lock()
	n.since = time.Now()
	n.mu.Unlock()
	how, code := proc.exit()
	if code != 0 {
		err = fmt.Errorf("%s was to stop, and ended with %s", n.Name, how)
	}
	return how, err
}

// Wipe empties the node's data directory, as a disk that was replaced. The node must not run.
func (n *Node) Wipe() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.attached != nil {
		return fmt.Errorf("%s %w", n.Name, errAttached)
	}
	if n.proc != nil && n.proc.running() {
		return fmt.Errorf("%s still runs", n.Name)
	}
	entries, err := os.ReadDir(n.DataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(n.DataDir, e.Name())))
	}
	return err
}

// Pause stops the process without ending it.
func (n *Node) Pause(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.attached != nil {
		return fmt.Errorf("%s %w", n.Name, errAttached)
	}
	if err := n.proc.pause(ctx); err != nil {
		return fmt.Errorf("pause %s: %w", n.Name, err)
	}
	n.paused, n.since = true, time.Now()
	return nil
}

// Resume lets a process that was paused go on, and reports whether it was, until now: somebody else may have woken it up.
func (n *Node) Resume() (did bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.paused || !n.proc.running() {
		return false, nil
	}
	did = stopped(n.proc.pid())
	if err := n.proc.resume(); err != nil {
		return false, fmt.Errorf("resume %s: %w", n.Name, err)
	}
	n.paused, n.since = false, time.Now()
	return did, nil
}

// Life returns what has become of the process, and since when. A node that runs elsewhere is always said to run.
func (n *Node) Life() (Life, time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.attached != nil:
		return Running, n.since
	case n.proc == nil:
		return Ended, n.since
	case n.proc.running() && n.paused:
		return Paused, n.since
	case n.proc.running():
		return Running, n.since
	case n.struck:
		return Killed, n.since
	case n.stopped:
		return Stopped, n.since
	}
	return Ended, n.since
}

// Exit describes how the process ended by itself.
func (n *Node) Exit() (how string, code int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.proc.exit()
}

// Status asks the node what it believes.
func (n *Node) Status(ctx context.Context) (sessnode.Status, error) { return n.Ask.Cluster(ctx) }

// LastLog returns the last lines of the node's log.
func (n *Node) LastLog(lines int) []string {
	log, _ := os.ReadFile(n.LogFile)
	all := strings.Split(string(bytes.TrimSpace(log)), "\n")
	return all[max(0, len(all)-lines):]
}

// leads reports whether the node that gave the status calls itself leader.
func leads(s sessnode.Status) bool { return s.Leader != "" && s.Leader == s.Node }
