package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sessnode/sessnode/client"
)

const (
	nodeCount = 3

	// readyLimit bounds the wait for the cluster to be founded, and for a node that was restarted. Below a second usually.
	readyLimit = 20 * time.Second

	// exitPortTaken is how serve ends when it cannot listen (docs/reference/cli.md).
	exitPortTaken = 4

	// startTries is how often other ports are tried when a program takes one between the look and the start.
	startTries = 5

	// appTimeout is how long the app waits for the store before it answers 503. A third of it goes to a node that hangs.
	appTimeout = 3 * time.Second
)

// errPortTaken means that a node could not listen where it was to.
var errPortTaken = errors.New("another program took a port that was free a moment ago")

// Cluster is the three nodes of a demo. It is safe for concurrent use, but for Close.
type Cluster struct {
	Nodes []*Node
	Moved bool // not the ports that were asked for: some were taken

	folder *Folder
	keys   secrets
}

// clusterConfig is what the nodes are started with.
type clusterConfig struct {
	binary   string
	port     int      // of the first node's HTTP API
	moved    bool     // it is not the one that was asked for
	sabotage string   // the fault of a build with the tag `sabotage`; empty: none
	flags    []string // further flags of serve; they win over those that the demo gives
}

// startCluster starts three nodes in the folder and waits until each is ready. After an error nothing runs; then the cluster, if
// there is one, is good for its logs.
func startCluster(ctx context.Context, c clusterConfig, folder *Folder) (*Cluster, error) {
	keys, err := newSecrets(folder)
	if err != nil {
		return nil, err
	}
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
			cleared = errors.Join(cleared, os.RemoveAll(folder.file(n.Name)), os.RemoveAll(n.logFile))
		}
		if cleared != nil {
			return nil, cleared
		}
		// Further on, and not by the same step as another demo that has just met this one.
		c.port += portStep * (nodeCount + rand.IntN(portTries))
		c.moved = true
	}
}

func newCluster(c clusterConfig, folder *Folder, keys secrets) (*Cluster, error) {
	ports, err := nodePorts(c.port, nodeCount, portFree)
	if err != nil {
		return nil, err
	}
	env := plainEnv()
	if c.sabotage != "" {
		env = append(env, "SESSNODE_SABOTAGE="+c.sabotage)
	}
	var seeds []string
	for _, port := range ports {
		seeds = append(seeds, loopback(port+2))
	}
	cluster := &Cluster{folder: folder, keys: keys, Moved: c.moved || ports[nodeCount-1] != c.port+(nodeCount-1)*portStep}
	for i, port := range ports {
		name := "n" + strconv.Itoa(i+1)
		n := &Node{Name: name, URL: "http://" + loopback(port), binary: c.binary, env: env, folder: folder,
			logFile: folder.file(name + ".log"), since: time.Now()}
		n.args = []string{"serve", "--name", name, "--data", folder.file(name),
			"--http", loopback(port), "--node", loopback(port + 1), "--gossip", loopback(port + 2),
			"--seeds", strings.Join(seeds, ","), "--expect", strconv.Itoa(nodeCount), "--profile", "fast",
			"--cluster-key-file", folder.file(clusterKeyFile), "--api-keys-file", folder.file(apiKeysFile),
			"--max-memory", "256MiB"}
		n.args = append(n.args, c.flags...)
		if n.ask, err = client.New(n.URL, client.WithAPIKey(keys.operator), client.WithTries(1), client.WithTimeout(askLimit)); err != nil {
			return nil, err
		}
		cluster.Nodes = append(cluster.Nodes, n)
	}
	return cluster, nil
}

func (c *Cluster) start(ctx context.Context) error {
	for _, n := range c.Nodes {
		if err := n.start(); err != nil {
			return err
		}
	}
	for _, n := range c.Nodes {
		if err := c.awaitReady(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// awaitReady waits until a node serves, or its process ends.
func (c *Cluster) awaitReady(ctx context.Context, n *Node) error {
	var ended error
	err := await(ctx, readyLimit, n.Name+" to be ready", func(ctx context.Context) error {
		if ended = c.endedByItself(); ended != nil {
			return nil
		}
		return n.ready(ctx)
	})
	return errors.Join(ended, err)
}

// endedByItself returns an error for a node whose process is gone although nobody killed it.
func (c *Cluster) endedByItself() error {
	for _, n := range c.Nodes {
		if life, _ := n.life(); life != Ended {
			continue
		}
		how, code := n.exit()
		if code == exitPortTaken {
			return fmt.Errorf("%s: %w", n.Name, errPortTaken)
		}
		return fmt.Errorf("%s has ended by itself (%s); its log ends with: %s", n.Name, how, strings.Join(n.lastLog(1), ""))
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

// appClient makes a client as the login app has one: of all nodes, or only of those that are given.
func (c *Cluster) appClient(only ...*Node) (*client.Client, error) {
	urls := c.URLs()
	if len(only) > 0 {
		urls = (&Cluster{Nodes: only}).URLs()
	}
	return client.New(urls, client.WithAPIKey(c.keys.app), client.WithApp(appName), client.WithTimeout(appTimeout))
}

// node returns the node of a name, nil where there is none.
func (c *Cluster) node(name string) *Node {
	for _, n := range c.Nodes {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// others returns all nodes but one.
func (c *Cluster) others(n *Node) []*Node {
	var others []*Node
	for _, o := range c.Nodes {
		if o != n {
			others = append(others, o)
		}
	}
	return others
}

// leader waits for a node that calls itself leader in the highest term that any node knows, and returns it with that term.
func (c *Cluster) leader(ctx context.Context, limit time.Duration) (leader *Node, term uint64, err error) {
	err = await(ctx, limit, "a leader", func(ctx context.Context) error {
		leader, term = leaderOf(c.statuses(ctx))
		if leader == nil {
			return errors.New("no node calls itself leader")
		}
		return nil
	})
	return leader, term, err
}

// Close kills every node, whatever state it is in. Nothing of a demo's data is worth a graceful stop.
func (c *Cluster) Close() error {
	faults := make([]error, len(c.Nodes))
	var wg sync.WaitGroup
	for i, n := range c.Nodes {
		if life, _ := n.life(); life == Running || life == Paused {
			wg.Go(func() { _, faults[i] = n.kill() })
		}
	}
	wg.Wait()
	for _, n := range c.Nodes {
		n.ask.Close()
	}
	return errors.Join(faults...)
}
