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

	turn sync.Mutex // one command at a time

	mu      sync.Mutex
	conn    net.Conn      // nil: detached
	ended   chan struct{} // closed when conn is
	said    chan State    // what the node says on conn
	ready   bool          // the node knows what was set
	changed chan struct{} // closed at the next change of ready
	last    uint64        // id of a command
	want    Command
}

func newNode(name string) *Node { return &Node{name: name, changed: make(chan struct{})} }

// Disk makes the node's disk behave as told.
func (n *Node) Disk(ctx context.Context, f DiskFault) (State, error) {
	return n.tell(ctx, Command{Disk: &f})
}

// Clock sets what is added to the node's wall clock.
func (n *Node) Clock(ctx context.Context, offset time.Duration) error {
	_, err := n.tell(ctx, Command{Clock: &offset})
	return err
}

// Drift sets how many seconds the node's clocks, wall and monotonic, gain a second: above -1. What they have gained stays.
func (n *Node) Drift(ctx context.Context, rate float64) error {
	_, err := n.tell(ctx, Command{Drift: &rate})
	return err
}

// State asks how many writes have met the present fault of the disk.
func (n *Node) State(ctx context.Context) (State, error) { return n.tell(ctx, Command{}) }

// Forget lets the node's next process begin with a disk and a clock that work.
func (n *Node) Forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.want = Command{}
}

// Attached waits until the node's process listens and knows what was set.
func (n *Node) Attached(ctx context.Context) error {
	return n.await(ctx, func() bool { return n.ready })
}

func (n *Node) await(ctx context.Context, is func() bool) error {
	for {
		n.mu.Lock()
		done, changed := is(), n.changed
		n.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w: %w", n.name, ErrDetached, ctx.Err())
		}
	}
}

// tell remembers a command and sends it.
func (n *Node) tell(ctx context.Context, c Command) (State, error) {
	n.turn.Lock()
	defer n.turn.Unlock()
	n.mu.Lock()
	if c.Disk != nil {
		n.want.Disk = c.Disk
	}
	if c.Clock != nil {
		n.want.Clock = c.Clock
	}
	if c.Drift != nil {
		n.want.Drift = c.Drift
	}
	n.mu.Unlock()
	return n.exchange(ctx, c)
}

// exchange sends one command and waits for its answer. The turn is the caller's. A node that does not answer in time stays attached: it may
// be paused, and what it says later is known by its id.
func (n *Node) exchange(ctx context.Context, c Command) (State, error) {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	n.mu.Lock()
	n.last++
	c.ID = n.last
	conn, ended, said := n.conn, n.ended, n.said
	n.mu.Unlock()
	if conn == nil {
		return State{}, fmt.Errorf("%s: %w", n.name, ErrDetached)
	}
	_ = conn.SetWriteDeadline(time.Now().Add(commandLimit))
	if err := json.NewEncoder(conn).Encode(c); err != nil {
		return State{}, fmt.Errorf("%s: %w: %w", n.name, ErrDetached, err)
	}
	for {
		select {
		case s := <-said:
			switch {
			case s.ID != c.ID: // the answer to a command that nobody waits for any more
			case s.Error != "":
				return s, fmt.Errorf("%s: %s", n.name, s.Error)
			default:
				return s, nil
			}
		case <-ended:
			return State{}, fmt.Errorf("%s: %w", n.name, ErrDetached)
		case <-ctx.Done():
			return State{}, fmt.Errorf("%s: command to the node: %w", n.name, ctx.Err())
		}
	}
}

// attach takes commands to a node's process from now on, beginning with what was set before: the process does nothing until it has heard
// that. It returns when the connection ends, when another process of the node attaches, or with ctx, whose end closes the
// connection (Switch.serve).
func (n *Node) attach(ctx context.Context, conn net.Conn, in *bufio.Reader) {
	n.turn.Lock()
	said, ended := make(chan State), make(chan struct{})
	n.mu.Lock()
	n.detach()
	n.conn, n.ended, n.said = conn, ended, said
	want := n.want
	n.mu.Unlock()
	var greeting sync.WaitGroup
	greeting.Go(func() { // ends with the connection or commandLimit
		defer n.turn.Unlock()
		_, err := n.exchange(ctx, want)
		n.mu.Lock()
		defer n.mu.Unlock()
		n.ready = err == nil && n.conn == conn
		n.wake()
	})
	listen(ctx, in, said, ended)
	n.mu.Lock()
	if n.conn == conn {
		n.detach()
	}
	n.mu.Unlock()
	greeting.Wait()
}

// detach forgets the connection. The caller holds mu.
func (n *Node) detach() {
	if n.conn == nil {
		return
	}
	_ = n.conn.Close()
	close(n.ended)
	n.conn, n.ready = nil, false
	n.wake()
}

// wake lets all who wait look again. The caller holds mu.
func (n *Node) wake() {
	close(n.changed)
	n.changed = make(chan struct{})
}

// listen passes on what a node says until the connection ends, or ctx: an answer may come when nobody waits for it any more.
func listen(ctx context.Context, in *bufio.Reader, said chan<- State, ended <-chan struct{}) {
	for {
		line, err := in.ReadBytes('\n')
		var s State
		if err != nil || json.Unmarshal(line, &s) != nil {
			return
		}
		select {
		case said <- s:
		case <-ended:
			return
		case <-ctx.Done():
			return
		}
	}
}
