// Package faultnet is the network between the nodes of a drill, and the strings by which a drill pulls at their disks and clocks.
//
// Nodes reach each other through a switch in the drill's process: every connection and packet that a node sends passes it, with the
// sender's name and the address of the receiver, so that each direction between two nodes can be cut, slowed down or made lossy by
// itself, without root and without the kernel's help. What a node receives comes from the switch; nothing else in the node differs
// (internal/drill/puppet is its end).
//
// The switch listens on a Unix socket that only this user can reach. A Hello line says what a connection is for.
package faultnet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Switch is the network of one drill. It is safe for concurrent use.
type Switch struct {
	ln   net.Listener
	seed uint64
	life context.Context
	end  context.CancelFunc
	work sync.WaitGroup

	mu    sync.Mutex
	links map[[2]string]*Link
	nodes map[string]*Node
	addrs map[string]place

	streams map[*stream]struct{}
}

// place is whose address it is, and for what.
type place struct {
	node    string
	traffic Traffic
}

// longestPath is how long the path of a socket may be on every system; some take four bytes more.
const longestPath = 103

// Listen opens the switch at the path of a socket. The seed decides which packets are lost and how long others take.
func Listen(path string, seed uint64) (*Switch, error) {
	ln, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EINVAL) && len(path) > longestPath {
		return nil, fmt.Errorf("the network between the nodes: %s is too long for a socket: set TMPDIR to a shorter folder", path)
	}
	if err != nil {
		return nil, fmt.Errorf("the network between the nodes: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = ln.Close()
		return nil, err
	}
	s := &Switch{ln: ln, seed: seed, links: map[[2]string]*Link{}, nodes: map[string]*Node{}, addrs: map[string]place{}, streams: map[*stream]struct{}{}}
	s.life, s.end = context.WithCancel(context.Background())
	s.work.Go(s.accept) // ends with Close
	return s, nil
}

// Close ends all connections and waits until nothing runs any more.
func (s *Switch) Close() error {
	s.end()
	err := s.ln.Close()
	s.work.Wait()
	return err
}

// Register says which addresses are a node's: traffic to any other is refused.
func (s *Switch) Register(node, nodeAddr, gossipAddr string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addrs[nodeAddr], s.addrs[gossipAddr] = place{node, NodePort}, place{node, Gossip}
}

// Link returns what one node says to another.
func (s *Switch) Link(from, to string) *Link {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := [2]string{from, to}
	if s.links[key] == nil {
		h := fnv.New64a()
		_, _ = h.Write([]byte(from + ">" + to))
		s.links[key] = newLink(s.seed, h.Sum64())
	}
	return s.links[key]
}

// Heal ends everything that is wrong with any link.
func (s *Switch) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.links {
		l.Heal()
	}
}

// Node returns the strings of a node.
func (s *Switch) Node(name string) *Node {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nodes[name] == nil {
		s.nodes[name] = newNode(name)
	}
	return s.nodes[name]
}

func (s *Switch) accept() {
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			return // closed
		}
		s.work.Go(func() { s.serve(conn.(*net.UnixConn)) }) // ends with the connection, or with Close
	}
}

// helloLimit bounds the wait for the first line.
const helloLimit = 5 * time.Second

func (s *Switch) serve(conn *net.UnixConn) {
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(s.life, func() { _ = conn.Close() })
	defer stop()
	_ = conn.SetReadDeadline(time.Now().Add(helloLimit))
	in := bufio.NewReader(conn)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	var hello Hello
	if json.Unmarshal(line, &hello) != nil {
		return
	}
	switch {
	case hello.Dial != nil:
		s.dial(conn, in, *hello.Dial)
	case hello.Packets != "":
		s.packets(in, hello.Packets)
	case hello.Control != "":
		s.Node(hello.Control).attach(s.life, conn, in)
	}
}

// placeOf says whose address it is.
func (s *Switch) placeOf(addr string) (place, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, known := s.addrs[addr]
	return p, known
}
