package drill

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/drill/load"
	"github.com/sessnode/sessnode/internal/local"
)

// Target is a live cluster that is drilled where it runs. It serves one drill at a time.
type Target struct {
	Cluster *local.Cluster // attached; whoever attached closes it
	ID      string         // the cluster's, as it was confirmed
	URL     string         // as it was named, without a key
	Flags   string         // what a command needs beside it to be let in, such as --ca-file tls/ca.crt
	Limit   time.Duration  // after which a drill is ended, whatever it does
	Owed    *Owed          // what is left to undo
}

// The defaults of a drill of a live cluster.
const (
	// TargetBudget leaves room for the election time-outs of production (1 s), and for app servers that are further away.
	TargetBudget = 10 * time.Second

	// TargetLimit is Target.Limit unless something else is asked for.
	TargetLimit = 10 * time.Minute

	// targetPace is the average pause between two operations of all clients together: three hundred a second, whatever their number.
	targetPace = 3 * time.Millisecond

	// targetThink is how long people pause between two clicks: slower than in a drill of its own cluster, since others work there too.
	targetThink = time.Second
)

var (
	// ErrNotFit means that a live cluster is in no state to be drilled, or does not allow it.
	ErrNotFit = errors.New("the cluster is not fit for a drill now")

	// errTooLong is why a drill of a live cluster was ended by its limit.
	errTooLong = errors.New("the drill took too long")
)

// The time that a drill's leftovers have, should it be killed before it drops them.
const (
	leftIdle     = 10 * time.Minute
	leftLifetime = time.Hour
)

// apps are those that a drill of a live cluster works in, and no other.
type apps struct{ load, people string }

// newApps draws names that no other drill has.
func newApps() apps {
	var raw [3]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand crashes the program instead
	name := appPrefix + hex.EncodeToString(raw[:])
	return apps{name, name + "-people"}
}

// openTarget prepares a drill of a live cluster: it looks once more whether the cluster is fit, since time has passed, and declares apps
// of its own. Where another drill began at the same moment, both give way.
func (s *stage) openTarget(ctx context.Context) error {
	r, t := s.run, s.run.cfg.Target
	r.cluster = t.Cluster
	fit, err := Examine(ctx, r.cluster)
	if err != nil {
		return err
	}
	if fit.Cluster != t.ID {
		return fmt.Errorf("%w: it is %s, and %s was meant", ErrNotFit, fit.Cluster, t.ID)
	}
	if unmet := fit.Unmet(); len(unmet) > 0 {
		return fmt.Errorf("%w: %s: %s", ErrNotFit, unmet[0].Title, unmet[0].Seen)
	}
	s.apps = newApps()
	all, err := r.cluster.Client()
	if err != nil {
		return err
	}
	defer all.Close()
	for _, name := range []string{s.apps.load, s.apps.people} {
		if err := s.declare(ctx, name); err != nil {
			return err
		}
	}
	// Older events may be forgotten already in a cluster with much work: that is no gap of the drill's.
	_, mark, err := all.In(s.apps.people).Create(ctx, client.Create{})
	if err != nil {
		return err
	}
	s.after = mark.At.String()
	known, err := all.Apps(ctx)
	if err != nil {
		return err
	}
	for _, name := range drillApps(known) {
		if name != s.apps.load && name != s.apps.people {
			return fmt.Errorf("%w: another drill has begun: app %s", ErrNotFit, name)
		}
	}
	return s.openLoad(ctx)
}

// declare makes an app for the drill, with times so short that nothing stays for long should nobody be left to drop it.
func (s *stage) declare(ctx context.Context, name string) error {
	c, err := s.run.cluster.Client(client.WithApp(name))
	if err != nil {
		return err
	}
	defer c.Close()
	s.owe("sessnode app drop "+name+" --yes", func(ctx context.Context) error { return s.drop(ctx, name) })
	policy := sessnode.DefaultPolicy()
	policy.Idle, policy.Lifetime = leftIdle, leftLifetime
	_, err = c.PutPolicy(ctx, policy)
	return err
}

// drop ends everything in an app of the drill, and forgets it.
func (s *stage) drop(ctx context.Context, name string) error {
	c, err := s.run.cluster.Client(client.WithApp(name), client.WithTimeout(healLimit))
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err = c.DropApp(ctx); errors.Is(err, sessnode.ErrNotFound) || errors.Is(err, sessnode.ErrUnknownApp) {
		err = nil // it was never declared
	}
	return err
}

// owe enters what will have to be undone, and tells how that is done by hand: nobody could any more after the drill was killed.
func (s *stage) owe(command string, undo func(context.Context) error) *debt {
	t := s.run.cfg.Target
	command = strings.TrimSpace(command + " --url " + t.URL + " " + t.Flags)
	s.run.cfg.Observer.Owe(command)
	return t.Owed.Enter(command, undo)
}

// isTarget reports whether a live cluster is drilled, whose processes, logs and disks are out of reach.
func (r *run) isTarget() bool { return r.cfg.Target != nil }

// working says how the clients with known histories work.
func (s *stage) working() load.Config {
	r := s.run
	c := load.Config{Key: r.cluster.Keys.Operator, Seed: r.cfg.Seed, Clients: r.cfg.Clients, Watchers: 5, Try: tryLimit, Sticky: true, App: load.App}
	for _, n := range r.cluster.Nodes {
		c.Nodes = append(c.Nodes, n.URL)
	}
	if r.isTarget() {
		c.App, c.TLS, c.Think = s.apps.load, r.cluster.TLS(), time.Duration(r.cfg.Clients)*targetPace
	}
	return c
}

// appClient is the store of the login app.
func (s *stage) appClient() (*client.Client, error) {
	if s.run.isTarget() {
		return s.run.cluster.Client(client.WithApp(s.apps.people), client.WithTimeout(local.AppTimeout))
	}
	return s.run.cluster.AppClient()
}

// pace is how fast people click.
func (s *stage) pace() time.Duration {
	if s.run.isTarget() {
		return targetThink
	}
	return drillThink
}

// bounded is the time that the drill has.
func (r *run) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.isTarget() {
		return context.WithTimeoutCause(ctx, r.cfg.Target.Limit, errTooLong)
	}
	return context.WithCancel(ctx)
}

// tooLong doubts a drill that its limit has ended, and reports whether that is so.
func (r *run) tooLong(playing context.Context) bool {
	if !errors.Is(context.Cause(playing), errTooLong) {
		return false
	}
	r.doubt("the drill was ended after %v (--max-duration)", r.cfg.Target.Limit)
	return true
}
