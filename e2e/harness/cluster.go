package harness

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/sessnode/sessnode/internal/drill/power"
	"github.com/sessnode/sessnode/internal/ports"
)

// Config is what a cluster is made of.
type Config struct {
	Binary  string          // made by Build
	Root    string          // an empty directory for logs and disks
	Nodes   int             // 3 or 5
	Profile string          // default or fast
	Offsets []time.Duration // what is added to each node's wall clock; nil: nothing
	Plain   bool            // plain directories instead of disks that can lose power

	Args func(name string) []string // more flags for each node; nil: none
}

// Cluster is a set of nodes on loopback. Its methods must not be called concurrently with each other.
type Cluster struct {
	Nodes []*Node

	root    string
	config  Config
	keyFile string
	release []func() // give the ports back
}

// New prepares a cluster without starting it. Close must be called also after an error.
func New(ctx context.Context, c Config) (*Cluster, error) {
	cluster := &Cluster{root: c.Root, config: c}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	keyFile := filepath.Join(c.Root, "cluster.key")
	if err := os.WriteFile(keyFile, []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		return cluster, err
	}
	cluster.keyFile = keyFile
	at, release, err := ports.Take(3 * c.Nodes)
	if err != nil {
		return cluster, err
	}
	cluster.release = append(cluster.release, release)
	for i := range c.Nodes {
		name := "n" + strconv.Itoa(i+1)
		node := &Node{
			Name: name, binary: c.Binary, LogFile: filepath.Join(c.Root, name+".log"),
			HTTPAddr: loopback(at[3*i]), NodeAddr: loopback(at[3*i+1]), GossipAddr: loopback(at[3*i+2]),
			args: []string{"--seeds", loopback(at[2]), "--expect", strconv.Itoa(c.Nodes), "--cluster-key-file", keyFile,
				"--profile", c.Profile},
		}
		if i > 0 {
			node.args[1] += "," + loopback(at[2+3*i])
		}
		if c.Args != nil {
			node.args = append(node.args, c.Args(name)...)
		}
		if c.Offsets != nil {
			node.args = append(node.args, "--clock-offset", c.Offsets[i].String())
		}
		if c.Plain {
			node.Disk, err = power.Plain(c.Root, name)
		} else {
			node.Disk, err = power.New(ctx, power.Memory(c.Root), c.Root, name)
		}
		if err != nil {
			return cluster, err
		}
		cluster.Nodes = append(cluster.Nodes, node)
	}
	return cluster, nil
}

// Spare prepares one more node, which joins the others when it is started. It is none of Nodes: whoever starts it appends it there, so that
// Close ends it too. Its data lies in a plain directory.
func (c *Cluster) Spare() (*Node, error) {
	at, release, err := ports.Take(3)
	if err != nil {
		return nil, err
	}
	c.release = append(c.release, release)
	name := "n" + strconv.Itoa(len(c.Nodes)+1)
	n := &Node{
		Name: name, binary: c.config.Binary, LogFile: filepath.Join(c.config.Root, name+".log"),
		HTTPAddr: loopback(at[0]), NodeAddr: loopback(at[1]), GossipAddr: loopback(at[2]),
		args: []string{"--seeds", c.Nodes[0].GossipAddr, "--expect", "0", "--cluster-key-file", c.keyFile, "--profile", c.config.Profile},
	}
	if c.config.Args != nil {
		n.args = append(n.args, c.config.Args(name)...)
	}
	n.Disk, err = power.Plain(c.config.Root, name)
	return n, err
}

// Start starts all nodes and waits until each is ready.
func (c *Cluster) Start(ctx context.Context) error {
	for _, n := range c.Nodes {
		if err := n.Start(); err != nil {
			return err
		}
	}
	return c.AwaitReady(ctx)
}

// AwaitReady waits until each node is ready.
func (c *Cluster) AwaitReady(ctx context.Context) error {
	for _, n := range c.Nodes {
		if err := n.AwaitReady(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Leader returns the node that calls itself leader in the highest term, and that term. It waits for one until limit.
func (c *Cluster) Leader(ctx context.Context, limit time.Duration) (leader *Node, term uint64, err error) {
	err = Await(ctx, limit, "a leader", func(ctx context.Context) error {
		leader, term = nil, 0
		for _, n := range c.Nodes {
			if !n.Running() {
				continue
			}
			s, err := n.Status(ctx)
			if err == nil && s.Leads() && s.Term > term {
				leader, term = n, s.Term
			}
		}
		if leader == nil {
			return errNoLeader
		}
		return nil
	})
	return leader, term, err
}

// Index returns the place of a node.
func (c *Cluster) Index(n *Node) int { return slices.Index(c.Nodes, n) }

// Others returns all nodes but one.
func (c *Cluster) Others(n *Node) []*Node {
	return slices.DeleteFunc(slices.Clone(c.Nodes), func(o *Node) bool { return o == n })
}

// CutPower kills all nodes, drops what none of them had flushed, and leaves them down.
func (c *Cluster) CutPower(ctx context.Context) error {
	for _, n := range c.Nodes {
		if err := n.Kill(); err != nil {
			return err
		}
	}
	for _, n := range c.Nodes {
		if err := n.Disk.Cut(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Transfer asks for a hand-over of leadership to any other voter.
func (c *Cluster) Transfer(ctx context.Context, via *Node) error {
	_, err := request(ctx, http.MethodPost, via.URL()+"/v1/cluster/transfer")
	return err
}

// Agree waits until all nodes report one applied index and returns what they report. Nothing may be written meanwhile but
// what the leader writes by itself.
func (c *Cluster) Agree(ctx context.Context, limit time.Duration) ([]Status, error) {
	var all []Status
	err := Await(ctx, limit, "one applied index on all nodes", func(ctx context.Context) error {
		all = all[:0]
		for _, n := range c.Nodes {
			s, err := n.Status(ctx)
			if err != nil {
				return err
			}
			all = append(all, s)
			if s.Applied != all[0].Applied {
				return fmt.Errorf("%s applied %d, %s applied %d", c.Nodes[0].Name, all[0].Applied, n.Name, s.Applied)
			}
		}
		return nil
	})
	return all, err
}

// Files lists everything that the cluster has written outside of its disks: its logs.
func (c *Cluster) Files() []string {
	var files []string
	for _, n := range c.Nodes {
		files = append(files, n.LogFile)
	}
	return files
}

// Close ends every process, and gives up every disk and the ports.
func (c *Cluster) Close(ctx context.Context) error {
	var faults []error
	for _, n := range c.Nodes {
		faults = append(faults, n.close(ctx))
	}
	for _, release := range c.release {
		release()
	}
	c.release = nil
	return errors.Join(faults...)
}
