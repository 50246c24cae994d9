package drill

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
	"github.com/sessnode/sessnode/internal/drill/faultnet"
	"github.com/sessnode/sessnode/internal/drill/follow"
	"github.com/sessnode/sessnode/internal/drill/load"
	"github.com/sessnode/sessnode/internal/drill/power"
	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/people"
)

const (
	// profile is the timing of the nodes of a drill.
	profile = "fast"
)

// stage is everything that runs for a drill, and what cleans up behind it.
type stage struct {
	folder   *local.Folder
	keeper   *local.Keeper
	run      *run
	app      *people.Site
	log      *os.File
	follower *follow.Follower
	apps     apps   // of a drill of a live cluster
	after    string // the place behind which all events are the drill's
	settled  settled
}

// openStage starts everything but the load. The caller must close what it returns, also with an error.
func openStage(ctx context.Context, r *run) (*stage, error) {
	s := &stage{run: r, after: sessnode.OldestEvent}
	if r.isTarget() {
		return s, s.openTarget(ctx)
	}
	local.Sweep()
	var err error
	if s.folder, err = local.NewFolder(local.DrillFolder); err != nil {
		return s, err
	}
	if s.keeper, err = local.StartKeeper(r.cfg.Binary, s.folder); err != nil {
		return s, err
	}
	if r.net, err = faultnet.Listen(s.folder.File("net.sock"), r.cfg.Seed); err != nil {
		return s, err
	}
	if r.scenario.Disks {
		if err := s.openDisks(ctx); err != nil {
			return s, err
		}
	}
	where := s.folder.Path()
	if len(r.disks) > 0 {
		where = r.disks[0].Dir()
	}
	env := &r.result.Environment
	if env.SyncP50MS, env.SyncP99MS, err = measureSync(where); err != nil {
		return s, err
	}
	if r.cluster, err = local.Start(ctx, s.config(), s.folder); err != nil {
		return s, err
	}
	return s, s.openLoad(ctx)
}

func (s *stage) config() local.Config {
	r := s.run
	c := local.Config{Binary: r.cfg.Binary, Nodes: r.cfg.Nodes, Sabotage: r.cfg.Sabotage, Flags: r.scenario.Flags, Env: []string{"SESSNODE_DRILL_SOCKET=" + s.folder.File("net.sock")}}
	if r.cfg.LogStore != "" {
		c.Flags = append(slices.Clone(c.Flags), "--log-store", r.cfg.LogStore)
	}
	c.Placed = func(n *local.Node) { r.net.Register(n.Name, n.NodeAddr, n.GossipAddr) }
	if len(r.disks) > 0 {
		c.DataDir = func(i int) string { return r.disks[i].Dir() }
	}
	return c
}

// openLoad prepares the clients with known histories, who follows all events, the login app and its people.
func (s *stage) openLoad(ctx context.Context) error {
	r := s.run
	working := s.working()
	r.load = load.New(working)
	r.watch = newWatcher(r)
	listener, err := r.cluster.Client(client.WithApp(working.App))
	if err != nil {
		return err
	}
	s.follower = follow.Start(ctx, listener, s.after)
	told := slog.New(slog.DiscardHandler)
	if s.folder != nil {
		if s.log, err = os.OpenFile(s.folder.File("app.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
			return err
		}
		told = slog.New(slog.NewTextHandler(s.log, nil))
	}
	sessions, err := s.appClient()
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", local.Loopback(0))
	if err != nil {
		sessions.Close()
		return err
	}
	if s.app, err = people.Serve(ln, r.cfg.App, sessions, told); err != nil {
		return err
	}
	r.crowd = people.Start(ctx, s.app.URL, people.Names()[:r.cfg.People], people.Pace{Think: s.pace(), Clicks: 12})
	return nil
}

// close ends everything and removes the folder, unless it is to be kept.
func (s *stage) close() error {
	r := s.run
	var faults []error
	if r.crowd != nil {
		r.crowd.Stop()
	}
	if r.load != nil {
		r.load.Close()
	}
	if s.follower != nil {
		s.follower.Close()
	}
	if s.app != nil {
		faults = append(faults, s.app.Close())
	}
	if r.isTarget() {
		faults = append(faults, r.cfg.Target.Owed.settleAll())
	} else if r.cluster != nil {
		faults = append(faults, r.cluster.Close())
	}
	if r.net != nil {
		faults = append(faults, r.net.Close())
	}
	for _, d := range r.disks {
		faults = append(faults, d.Close(context.Background()))
	}
	if s.log != nil {
		faults = append(faults, s.log.Close())
	}
	err := errors.Join(faults...)
	if s.folder != nil && err == nil {
		if r.cfg.Keep {
			err = s.folder.Release()
		} else {
			err = s.folder.Remove()
		}
	}
	if s.keeper != nil {
		err = errors.Join(err, s.keeper.Dismiss(err == nil))
	}
	return err
}

// openDisks gives each node a disk that can lose power.
func (s *stage) openDisks(ctx context.Context) error {
	for i := range s.run.cfg.Nodes {
		d, err := power.New(ctx, s.folder.Path(), s.folder.Path(), fmt.Sprintf("disk%d", i+1))
		if err != nil {
			return err
		}
		s.run.disks = append(s.run.disks, d)
	}
	return nil
}

// tryLimit is how long a client waits for one node before it asks another: long for a node that answers, short for a person who waits.
const tryLimit = 750 * time.Millisecond

// drillThink is how long people pause between two clicks: quick ones, since a drill is short.
const drillThink = 400 * time.Millisecond
