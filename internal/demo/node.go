package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// askLimit bounds one question to a node; a paused node answers none.
const askLimit = 500 * time.Millisecond

// Life is what has become of a node's process.
type Life string

// The lives of a process.
const (
	Running Life = "running"
	Paused  Life = "paused" // SIGSTOP
	Killed  Life = "killed" // by the demo
	Ended   Life = "ended"  // by itself
)

// Node is one node of the demo. It is safe for concurrent use.
type Node struct {
	Name string
	URL  string // base address of its HTTP API

	binary  string
	args    []string
	env     []string
	logFile string
	folder  *Folder
	ask     *client.Client // of this node only, as operator, one try

	mu     sync.Mutex
	proc   *process // nil before the first start
	paused bool
	struck bool      // the demo has sent SIGKILL
	since  time.Time // when it was started, paused, resumed or killed
}

// start starts the node's process on the data that it has.
func (n *Node) start() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proc != nil && n.proc.running() {
		return fmt.Errorf("%s runs already", n.Name)
	}
	proc, err := startProcess(n.binary, n.args, n.env, n.logFile, func(pid int) error { return n.folder.enter(kindNode, pid) })
	if err != nil {
		return fmt.Errorf("start %s: %w", n.Name, err)
	}
	n.proc, n.paused, n.struck, n.since = proc, false, false, time.Now()
	return nil
}

// kill sends SIGKILL, waits for the end, and verifies that it was this signal that ended the process.
func (n *Node) kill() (pid int, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
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

// pause stops the process without ending it; resume lets it go on, and reports whether it was paused.
func (n *Node) pause(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.proc.pause(ctx); err != nil {
		return fmt.Errorf("pause %s: %w", n.Name, err)
	}
	n.paused, n.since = true, time.Now()
	return nil
}

func (n *Node) resume() (did bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.paused || !n.proc.running() {
		return false, nil
	}
	if err := n.proc.resume(); err != nil {
		return false, fmt.Errorf("resume %s: %w", n.Name, err)
	}
	n.paused, n.since = false, time.Now()
	return true, nil
}

// life returns what has become of the process, and since when.
func (n *Node) life() (Life, time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.proc == nil:
		return Ended, n.since
	case n.proc.running() && n.paused:
		return Paused, n.since
	case n.proc.running():
		return Running, n.since
	case n.struck:
		return Killed, n.since
	}
	return Ended, n.since
}

// exit describes how the process ended by itself.
func (n *Node) exit() (how string, code int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.proc.exit()
}

// status asks the node what it believes.
func (n *Node) status(ctx context.Context) (sessnode.Status, error) { return n.ask.Cluster(ctx) }

// ready asks the node whether it can serve.
func (n *Node) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.URL+"/readyz", nil)
	if err != nil {
		return err
	}
	req.Close = true // a kept connection would be one more thing that a killed node can break
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return errors.New(n.Name + " does not answer yet")
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(n.Name + " is not ready yet")
	}
	return nil
}

// lastLog returns the last lines of the node's log.
func (n *Node) lastLog(lines int) []string {
	log, _ := os.ReadFile(n.logFile)
	all := strings.Split(string(bytes.TrimSpace(log)), "\n")
	return all[max(0, len(all)-lines):]
}

// leads reports whether the node that gave the status calls itself leader.
func leads(s sessnode.Status) bool { return s.Leader != "" && s.Leader == s.Node }
