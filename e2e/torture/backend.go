package torture

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/ports"
)

// Backend is a store as a process or several, that can be hurt. Its methods must not be called concurrently.
type Backend interface {
	// Variables tell an application where its sessions are kept.
	Variables(app string) []string
	// Declare prepares the store for an application, and returns how many sessions one subject may have; 0: no limit.
	Declare(ctx context.Context, app string) (int, error)
	// Kill ends the process that matters most with SIGKILL. Where one alone holds the sessions, its supervisor starts it again.
	Kill(ctx context.Context) error
	// Down ends the store as a whole, so that nobody can be answered.
	Down(ctx context.Context) error
	// Mend brings back whatever Kill or Down took away, and returns when the store can answer.
	Mend(ctx context.Context) error
	// Close ends everything.
	Close(ctx context.Context) error
}

// savePoints are when Redis writes its data to disk, as the configuration says that Debian installs.
const savePoints = "3600 1 300 100 60 10000"

// Redis is one Redis server, configured as Debian installs it, but for port and directory: save points, no append-only file.
type Redis struct {
	port int
	dir  string
	args []string
	proc *harness.Process
}

// StartRedis starts a server on loopback with its data in dir. More arguments are options of redis-server. Close must be called
// also after an error.
func StartRedis(ctx context.Context, dir string, options ...string) (*Redis, error) {
	r := &Redis{dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return r, err
	}
	free, _, err := ports.Take(1)
	if err != nil {
		return r, err
	}
	r.port = free[0]
	r.args = append([]string{"--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--dir", dir, "--save", savePoints}, options...)
	return r, r.Mend(ctx)
}

// Variables implements Backend.
func (r *Redis) Variables(string) []string {
	return []string{fmt.Sprintf("TORTURE_REDIS=redis://127.0.0.1:%d/0", r.port)}
}

// Declare implements Backend: Redis knows no subjects.
func (r *Redis) Declare(context.Context, string) (int, error) { return 0, nil }

// Kill implements Backend.
func (r *Redis) Kill(ctx context.Context) error {
	if err := r.proc.Kill(); err != nil {
		return err
	}
	return r.Mend(ctx)
}

// Down implements Backend: SIGTERM, after which Redis saves what it has.
func (r *Redis) Down(context.Context) error { return r.proc.Terminate(stopLimit) }

// Mend implements Backend: it starts again on its data.
func (r *Redis) Mend(ctx context.Context) error {
	if r.proc != nil && r.proc.Running() {
		return nil
	}
	var err error
	if r.proc, err = harness.StartProcess("redis-server", r.args, filepath.Join(r.dir, "log")); err != nil {
		return fmt.Errorf("%w: is Debian's redis-server installed?", err)
	}
	return harness.Await(ctx, startLimit, "Redis answers", func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", r.port))
		if err != nil {
			return err
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		buf := make([]byte, 64)
		if _, err := fmt.Fprint(conn, "PING\r\n"); err != nil {
			return err
		}
		n, err := conn.Read(buf)
		if err == nil && !strings.HasPrefix(string(buf[:n]), "+PONG") {
			err = fmt.Errorf("it says %q", buf[:n]) // it is loading its data
		}
		return err
	})
}

// Close implements Backend.
func (r *Redis) Close(context.Context) error {
	if r.proc == nil {
		return nil
	}
	return r.proc.Kill()
}

// Nodes is a cluster of three sessnode nodes, on plain directories.
type Nodes struct {
	cluster *harness.Cluster
	urls    string
}

// sessionsPerSubject is the limit that applications over Nodes have.
const sessionsPerSubject = 3

// StartNodes starts three nodes with their data in dir. Close must be called also after an error.
func StartNodes(ctx context.Context, binary, dir string) (*Nodes, error) {
	n := &Nodes{cluster: &harness.Cluster{}}
	err := os.MkdirAll(dir, 0o700)
	if err != nil {
		return n, err
	}
	n.cluster, err = harness.New(ctx, harness.Config{Binary: binary, Root: dir, Nodes: 3, Profile: "default", Plain: true})
	if err != nil {
		return n, err
	}
	var urls []string
	for _, node := range n.cluster.Nodes {
		urls = append(urls, node.URL())
	}
	n.urls = strings.Join(urls, ",")
	return n, n.cluster.Start(ctx)
}

// Variables implements Backend.
func (n *Nodes) Variables(app string) []string {
	return []string{"SESSNODE_URL=" + n.urls, "SESSNODE_APP=" + app}
}

// Declare implements Backend: a policy with a limit, all else as it comes.
func (n *Nodes) Declare(ctx context.Context, app string) (int, error) {
	c, err := client.New(n.urls, client.WithApp(app))
	if err != nil {
		return 0, err
	}
	defer c.Close()
	p := sessnode.DefaultPolicy()
	p.SubjectLimit = sessionsPerSubject
	_, err = c.PutPolicy(ctx, p)
	return sessionsPerSubject, err
}

// Kill implements Backend: the leader.
func (n *Nodes) Kill(ctx context.Context) error {
	leader, _, err := n.cluster.Leader(ctx, startLimit)
	if err != nil {
		return err
	}
	return leader.Kill()
}

// Down implements Backend: all nodes at once, with SIGKILL.
func (n *Nodes) Down(context.Context) error {
	var faults []error
	for _, node := range n.cluster.Nodes {
		faults = append(faults, node.Kill())
	}
	return errors.Join(faults...)
}

// Mend implements Backend.
func (n *Nodes) Mend(ctx context.Context) error {
	for _, node := range n.cluster.Nodes {
		if !node.Running() {
			if err := node.Start(); err != nil {
				return err
			}
		}
	}
	return n.cluster.AwaitReady(ctx)
}

// Close implements Backend.
func (n *Nodes) Close(ctx context.Context) error { return n.cluster.Close(ctx) }
