package faultnet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// commandLimit bounds the wait for a node's answer. A paused node gives none.
const commandLimit = 3 * time.Second

// ErrDetached means that the node does not listen: it is down, or was not started as a node of a drill.
var ErrDetached = errors.New("the node does not take commands")

// Node is the strings of one node. What was set holds until it is set again, also over a restart of the node. It is safe for
// concurrent use.
type Node struct {
	name string

	mu    sync.Mutex
	conn  net.Conn // nil: detached
	in    *bufio.Reader
	disk  DiskFault
	clock time.Duration
}

// Disk makes the node's disk behave as told.
func (n *Node) Disk(ctx context.Context, f DiskFault) (State, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.disk = f
	return n.tell(ctx, Command{Disk: &f})
}

// Clock sets what is added to the node's wall clock.
func (n *Node) Clock(ctx context.Context, offset time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.clock = offset
	_, err := n.tell(ctx, Command{Clock: &offset})
	return err
}

// State asks how many writes have met the present fault of the disk.
func (n *Node) State(ctx context.Context) (State, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.tell(ctx, Command{})
}

// Forget lets the node's next process begin with a disk and a clock that work.
func (n *Node) Forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.disk, n.clock = DiskFault{}, 0
}

// tell sends one command and reads the answer. The caller holds mu.
func (n *Node) tell(ctx context.Context, c Command) (State, error) {
	if n.conn == nil {
		return State{}, fmt.Errorf("%s: %w", n.name, ErrDetached)
	}
	deadline := time.Now().Add(commandLimit)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	_ = n.conn.SetDeadline(deadline)
	line, err := json.Marshal(c)
	if err == nil {
		_, err = n.conn.Write(append(line, '\n'))
	}
	var answer []byte
	if err == nil {
		answer, err = n.in.ReadBytes('\n')
	}
	var s State
	if err == nil {
		err = json.Unmarshal(answer, &s)
	}
	if err == nil && s.Error != "" {
		err = errors.New(s.Error)
	}
	if err != nil {
		return s, fmt.Errorf("%s: command to the node: %w", n.name, err)
	}
	return s, nil
}

// attach takes commands to a node's process from now on, beginning with what was set before, until ctx ends or another process of
// the node attaches.
func (n *Node) attach(ctx context.Context, conn net.Conn, in *bufio.Reader) {
	n.mu.Lock()
	if n.conn != nil {
		_ = n.conn.Close()
	}
	n.conn, n.in = conn, in
	if n.disk != (DiskFault{}) {
		_, _ = n.tell(ctx, Command{Disk: &n.disk})
	}
	if n.clock != 0 {
		_, _ = n.tell(ctx, Command{Clock: &n.clock})
	}
	n.mu.Unlock()
	<-ctx.Done() // the connection is read by tell alone, so its end is noticed there
}
