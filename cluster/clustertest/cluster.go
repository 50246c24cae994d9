// Package clustertest runs a cluster of real nodes inside a test: over loopback TCP, on temporary directories, with the fast
// profile. It is for tests only.
package clustertest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster"
	"github.com/sessnode/sessnode/cluster/raftlog"
	"github.com/sessnode/sessnode/internal/ports"
)

// Patience is how long a test waits for something that must happen. It is generous: machines that build are slow.
const Patience = time.Minute

// poll is how often what gives no signal is looked at again.
const poll = 5 * time.Millisecond

// Cluster is some nodes of one cluster. Its methods are safe for concurrent use where the nodes' are, apart from Stop, Start
// and Restart.
type Cluster struct {
	t       testing.TB
	configs []cluster.Config

	mu    sync.Mutex
	nodes []*cluster.Node // nil while stopped
}

// Key is the cluster key of all test clusters.
func Key() []byte { return []byte("0123456789abcdef0123456789abcdef") }

// Start founds a cluster of size nodes and waits until each can serve. change, which may be nil, alters the configuration of
// each node before it starts. The nodes are closed when the test ends.
func Start(t testing.TB, size int, change func(i int, c *cluster.Config)) *Cluster {
	t.Helper()
	c := Prepare(t, size, change)
	for i := range c.configs {
		c.Start(i)
	}
	for i := range c.configs {
		c.AwaitReady(i)
	}
	return c
}

// Prepare makes the configurations of a cluster whose nodes the test starts itself.
func Prepare(t testing.TB, size int, change func(i int, c *cluster.Config)) *Cluster {
	t.Helper()
	c := &Cluster{t: t, nodes: make([]*cluster.Node, size)}
	gossip := make([]string, size)
	for i := range size {
		gossip[i] = freeAddr(t)
	}
	for i := range size {
		cfg := cluster.DefaultConfig()
		cfg.Name = string(rune('a' + i))
		cfg.DataDir, cfg.LogStore = t.TempDir(), raftlog.Kind(os.Getenv("SESSNODE_LOG_STORE"))
		cfg.Addresses = cluster.Addresses{Node: freeAddr(t), Gossip: gossip[i]}
		cfg.Security.Keys = [][]byte{Key()}
		cfg.Profile = cluster.FastProfile()
		cfg.Expect = size
		cfg.Seeds = gossip
		cfg.Logger = slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
		if size == 1 {
			cfg.Addresses.Gossip, cfg.Seeds = "", nil
		}
		if change != nil {
			change(i, &cfg)
		}
		c.configs = append(c.configs, cfg)
	}
	t.Cleanup(c.close)
	return c
}

// freeAddr returns an address on loopback that is the test's until it ends, also while no node listens there.
func freeAddr(t testing.TB) string {
	t.Helper()
	free, release, err := ports.Take(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(free[0]))
}

// Size returns how many nodes there are, the stopped ones included.
func (c *Cluster) Size() int { return len(c.configs) }

// Config returns the configuration of node i.
func (c *Cluster) Config(i int) cluster.Config { return c.configs[i] }

// Node returns node i; nil while it is stopped.
func (c *Cluster) Node(i int) *cluster.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nodes[i]
}

// Nodes returns the nodes that run.
func (c *Cluster) Nodes() []*cluster.Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []*cluster.Node
	for _, n := range c.nodes {
		if n != nil {
			list = append(list, n)
		}
	}
	return list
}

// Start opens node i, which must be stopped, and does not wait until it can serve.
func (c *Cluster) Start(i int) {
	c.t.Helper()
	n, err := cluster.Open(c.t.Context(), c.configs[i])
	if err != nil {
		c.t.Fatalf("open node %d: %v", i, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nodes[i] = n
}

// Stop closes node i without draining it, as a crash would as far as the others see.
func (c *Cluster) Stop(i int) {
	c.t.Helper()
	c.mu.Lock()
	n := c.nodes[i]
	c.nodes[i] = nil
	c.mu.Unlock()
	closeNode(c.t, n)
}

// Restart stops node i and starts it on the same directory.
func (c *Cluster) Restart(i int) {
	c.t.Helper()
	c.Stop(i)
	c.Start(i)
}

func closeNode(t testing.TB, n *cluster.Node) {
	t.Helper()
	if n == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := n.Close(ctx); err != nil {
		t.Logf("close node %s: %v", n.ID(), err)
	}
}

// close ends all nodes at once: one after another would make each elect a leader first.
func (c *Cluster) close() {
	var all sync.WaitGroup
	for _, n := range c.Nodes() {
		all.Go(func() { closeNode(c.t, n) })
	}
	all.Wait()
}

// AwaitReady waits until node i reports that it can serve.
func (c *Cluster) AwaitReady(i int) {
	c.t.Helper()
	c.Await("node ready", func() bool {
		n := c.Node(i)
		return n != nil && Ready(n)
	})
}

// Ready reports whether all checks of a node hold.
func Ready(n *cluster.Node) bool {
	for _, check := range n.Ready() {
		if !check.OK {
			return false
		}
	}
	return true
}

// Leader waits for a leader that the node itself and a majority agree on, and returns its number.
func (c *Cluster) Leader() int {
	c.t.Helper()
	found := -1
	c.Await("a leader", func() bool {
		votes := map[string]int{}
		for _, n := range c.Nodes() {
			votes[n.Status(c.t.Context()).Leader]++
		}
		for i := range c.configs {
			if n := c.Node(i); n != nil && votes[n.ID()] > len(c.configs)/2 && n.Status(c.t.Context()).Leader == n.ID() {
				found = i
				return true
			}
		}
		return false
	})
	return found
}

// HandOver makes node to lead. An election of the cluster's own may come between, above all on a slow machine under the fast
// profile, and then another leads: it is asked again, as an operator would.
func (c *Cluster) HandOver(to int) {
	c.t.Helper()
	c.Await("the node that is to lead", func() bool {
		if c.Leader() == to {
			return true
		}
		err := c.Ask(func(ctx context.Context) error { return c.Node(to).Transfer(ctx, c.configs[to].Name) })
		if err != nil {
			c.t.Fatalf("hand over to node %d: %v", to, err)
		}
		return false
	})
}

// Ask does what an operator asks for, and again as long as the answer is ErrUnavailable: then it was certainly not done, because an
// election came between. It returns any other answer, or the last one after Patience.
func (c *Cluster) Ask(do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(c.t.Context(), Patience)
	defer cancel()
	for {
		err := do(ctx)
		if !errors.Is(err, sessnode.ErrUnavailable) || ctx.Err() != nil {
			return err
		}
		time.Sleep(poll)
	}
}

// InOneTerm does something, and again if an election came between, until it was done under one leader: for what is counted or compared, and
// holds for one term only. lead is the leader; it is still one when the last try has ended. What a try finds wrong it must tell afterwards.
func (c *Cluster) InOneTerm(what string, try func(lead int)) {
	c.t.Helper()
	c.Await(what+" without an election", func() bool {
		lead := c.Leader()
		before := c.Node(lead).Status(c.t.Context())
		try(lead)
		n := c.Node(lead)
		if n == nil {
			c.t.Fatalf("%s: the leader was stopped", what)
		}
		after := n.Status(c.t.Context())
		return after.Term == before.Term && after.Leader == n.ID()
	})
}

// Follower returns a running node that does not lead.
func (c *Cluster) Follower() int {
	c.t.Helper()
	leader := c.Leader()
	for i := range c.configs {
		if i != leader && c.Node(i) != nil {
			return i
		}
	}
	c.t.Fatal("no follower runs")
	return -1
}

// Await fails the test unless the condition holds within Patience.
func (c *Cluster) Await(what string, holds func() bool) {
	c.t.Helper()
	Await(c.t, what, holds)
}

// Await fails the test unless the condition holds within Patience. It looks again every few milliseconds: what it waits for is
// another goroutine's doing and gives no signal.
func Await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(Patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come about within %v", what, Patience)
		}
		time.Sleep(poll)
	}
}

// Create returns the mutation that makes a session of a new token, and the token's key.
func Create(app, subject string) (sessnode.Mutation, sessnode.Key) {
	token := sessnode.NewToken()
	return sessnode.Mutation{App: app, OpID: sessnode.NewOpID(), Actor: "test", Change: sessnode.Create{
		Key: token.Key(), TokenChars: len(token.Reveal()), Subject: subject,
	}}, token.Key()
}

// testWriter logs to the test while it runs.
type testWriter struct{ t testing.TB }

// Write logs one line.
func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(string(b[:max(len(b)-1, 0)]))
	return len(b), nil
}

// Wipe takes the data directory of node i, which must be stopped: it comes back as another node under the same name.
func (c *Cluster) Wipe(i int) {
	c.t.Helper()
	if err := os.RemoveAll(c.configs[i].DataDir); err != nil {
		c.t.Fatal(err)
	}
}

// Change alters the configuration of node i, which must be stopped.
func (c *Cluster) Change(i int, change func(*cluster.Config)) { change(&c.configs[i]) }

// Move gives node i, which must be stopped, other addresses.
func (c *Cluster) Move(i int) {
	c.t.Helper()
	c.configs[i].Addresses.Node, c.configs[i].Addresses.Gossip = freeAddr(c.t), freeAddr(c.t)
}
