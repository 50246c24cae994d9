package local

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sessnode/sessnode/client"
)

const (
	// NodeCount is how many nodes a cluster has unless its Config says otherwise.
	NodeCount = 3

	// readyLimit bounds the wait for the cluster to be founded, and for a node that was restarted. Below a second usually.
	readyLimit = 20 * time.Second

	// exitPortTaken is how serve ends when it cannot listen (docs/reference/cli.md).
	exitPortTaken = 4

	// startTries is how often other ports are tried when a program takes one between the look and the start.
	startTries = 5

	// AppTimeout is how long the login app waits for the store before it answers 503. A third of it goes to a node that hangs.
	AppTimeout = 3 * time.Second
)

// errPortTaken means that a node could not listen where it was to.
var errPortTaken = errors.New("another program took a port that was free a moment ago")

// Cluster is nodes of one cluster, on loopback. It is safe for concurrent use, but for Close.
type Cluster struct {
	Nodes []*Node
	Moved bool // not the ports that were asked for: some were taken
	Keys  Keys

	folder   *Folder
	attached http.RoundTripper // see Attach; nil: a cluster of ours
}

// Config is what the nodes are started with. Binary is required.
type Config struct {
	Binary   string
	Nodes    int              // 3 or 5; default NodeCount
	Port     int              // of the first node's HTTP API; 0: anywhere
	Sabotage string           // the fault of a build with the tag `sabotage`; empty: none
	Flags    []string         // further flags of serve; they win over those that every node gets
	Env      []string         // further variables, NAME=value
	DataDir  func(int) string // of the node with this place; default: in the folder
	Placed   func(*Node)      // called for each node when its addresses are known, before any is started; default: nothing

	moved bool // the port is not the one that was asked for
}

// The ports among which a cluster is placed that may be anywhere: below those that systems hand out by themselves.
const (
	firstPort = 12000
	lastPort  = 31000
)

func (c Config) withDefaults(folder *Folder) Config {
	if c.Nodes == 0 {
		c.Nodes = NodeCount
	}
	if c.Port == 0 {
		c.Port = firstPort + portStep*rand.IntN((lastPort-firstPort)/portStep)
	}
	if c.Placed == nil {
		c.Placed = func(*Node) {}
	}
	if c.DataDir == nil {
		c.DataDir = func(i int) string { return folder.File(nodeName(i)) }
	}
	return c
}

func nodeName(i int) string { return "n" + strconv.Itoa(i+1) }

// Start starts the nodes in the folder and waits until each is ready. After an error nothing runs; then the cluster, if
// there is one, is good for its logs.
func Start(ctx context.Context, c Config, folder *Folder) (*Cluster, error) {
	keys, err := newSecrets(folder)
	if err != nil {
		return nil, err
	}
	c = c.withDefaults(folder)
	for try := 1; ; try++ {
		cluster, err := newCluster(c, folder, keys)
		if err != nil {
			return nil, err
		}
		if err = cluster.start(ctx); err == nil {
			return cluster, nil
		}
		err = errors.Join(err, cluster.Close())
		if try == startTries || !errors.Is(err, errPortTaken) {
			return cluster, err
		}
		var cleared error
		for _, n := range cluster.Nodes {
			cleared = errors.Join(cleared, n.Wipe(), os.RemoveAll(n.LogFile))
		}
		if cleared != nil {
			return nil, cleared
		}
		// Further on, and not by the same step as another program that has just met this one.
		c.Port += portStep * (c.Nodes + rand.IntN(portTries))
		c.moved = true
	}
}

func newCluster(c Config, folder *Folder, keys Keys) (*Cluster, error) {
	ports, err := nodePorts(c.Port, c.Nodes, portFree)
	if err != nil {
		return nil, err
	}
	env := append(plainEnv(), c.Env...)
	if c.Sabotage != "" {
		env = append(env, "SESSNODE_SABOTAGE="+c.Sabotage)
	}
	var seeds []string
	for _, port := range ports {
		seeds = append(seeds, Loopback(port+2))
	}
	cluster := &Cluster{folder: folder, Keys: keys, Moved: c.moved || ports[c.Nodes-1] != c.Port+(c.Nodes-1)*portStep}
	for i, port := range ports {
		name := nodeName(i)
		n := &Node{Name: name, URL: "http://" + Loopback(port), NodeAddr: Loopback(port + 1), GossipAddr: Loopback(port + 2),
			DataDir: c.DataDir(i), LogFile: folder.File(name + ".log"), binary: c.Binary, env: env, folder: folder, since: time.Now()}
		n.args = []string{"serve", "--name", name, "--data", n.DataDir,
			"--http", Loopback(port), "--node", n.NodeAddr, "--gossip", n.GossipAddr,
			"--seeds", strings.Join(seeds, ","), "--expect", strconv.Itoa(c.Nodes), "--profile", "fast",
			"--cluster-key-file", folder.File(clusterKeyFile), "--api-keys-file", folder.File(apiKeysFile),
			"--max-memory", "256MiB"}
		n.args = append(n.args, c.Flags...)
		if n.Ask, err = client.New(n.URL, client.WithAPIKey(keys.Operator), client.WithTries(1), client.WithTimeout(AskLimit)); err != nil {
			return nil, err
		}
		n.Order = n.Ask
		cluster.Nodes = append(cluster.Nodes, n)
		c.Placed(n)
	}
	return cluster, nil
}

func (c *Cluster) start(ctx context.Context) error {
	for _, n := range c.Nodes {
		if err := n.Start(); err != nil {
			return err
		}
	}
	for _, n := range c.Nodes {
		if err := c.AwaitReady(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// AwaitReady waits until a node serves, or its process ends.
func (c *Cluster) AwaitReady(ctx context.Context, n *Node) error {
	var ended error
	err := Await(ctx, readyLimit, n.Name+" to be ready", func(ctx context.Context) error {
		if ended = c.endedByItself(); ended != nil {
			return nil
		}
		return n.Ready(ctx)
	})
	return errors.Join(ended, err)
}

// endedByItself returns an error for a node whose process is gone although nobody killed it.
func (c *Cluster) endedByItself() error {
	for _, n := range c.Nodes {
		if life, _ := n.Life(); life != Ended {
			continue
		}
		how, code := n.Exit()
		if code == exitPortTaken {
			return fmt.Errorf("%s: %w", n.Name, errPortTaken)
		}
		return fmt.Errorf("%s has ended by itself (%s); its log ends with: %s", n.Name, how, strings.Join(n.LastLog(1), ""))
	}
	return nil
}

// URLs returns the addresses of all nodes, as client.New takes them.
func (c *Cluster) URLs() string {
	var urls []string
	for _, n := range c.Nodes {
		urls = append(urls, n.URL)
	}
	return strings.Join(urls, ",")
}

// AppClient makes a client as the login app has one: of all nodes, or only of those that are given.
func (c *Cluster) AppClient(only ...*Node) (*client.Client, error) {
	urls := c.URLs()
	if len(only) > 0 {
		urls = (&Cluster{Nodes: only}).URLs()
	}
	return client.New(urls, client.WithAPIKey(c.Keys.App), client.WithApp(AppName), client.WithTimeout(AppTimeout))
}

// Node returns the node of a name, nil where there is none.
func (c *Cluster) Node(name string) *Node {
	for _, n := range c.Nodes {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// Others returns all nodes but one.
func (c *Cluster) Others(n *Node) []*Node {
	var others []*Node
	for _, o := range c.Nodes {
		if o != n {
			others = append(others, o)
		}
	}
	return others
}

// Leader waits for a node that calls itself leader in the highest term that any node knows, and returns it with that term.
func (c *Cluster) Leader(ctx context.Context, limit time.Duration) (leader *Node, term uint64, err error) {
	err = Await(ctx, limit, "a leader", func(ctx context.Context) error {
		leader, term = LeaderOf(c.Statuses(ctx))
		if leader == nil {
			return errors.New("no node calls itself leader")
		}
		return nil
	})
	return leader, term, err
}

// Close kills every node, whatever state it is in. Nothing of their data is worth a graceful stop. Nodes that run elsewhere go on.
func (c *Cluster) Close() error {
	if c.attached != nil {
		c.detach()
		return nil
	}
	faults := make([]error, len(c.Nodes))
	var wg sync.WaitGroup
	for i, n := range c.Nodes {
		if life, _ := n.Life(); life == Running || life == Paused {
			wg.Go(func() { _, faults[i] = n.Kill() })
		}
	}
	wg.Wait()
	for _, n := range c.Nodes {
		n.Ask.Close()
	}
	return errors.Join(faults...)
}
