package drill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sessnode/sessnode/internal/local"
)

// clusterScenarios are about time, membership and snapshots.
func clusterScenarios() []Scenario {
	return []Scenario{
		{Name: "clock-jump", Title: "The wall clock of one node jumps by an hour, forward or back, and back again.",
			Must:   "Nobody is signed out early, and nobody stays signed in too long.",
			Suites: []Suite{Standard}, Hold: clockHeard, play: clockJump},
		{Name: "replace-node", Title: "A node loses its disk and comes back empty under its name.",
			Must:   "It joins as a new one, is promoted, and its old self is removed; never below a majority.",
			Suites: []Suite{Standard}, Hold: time.Second, play: replaceNode},
		{Name: "move-all", Title: "All nodes are stopped and come back at once with other addresses for each other.",
			Must:   "They find each other by what they are told, go on where they were, and lose nothing.",
			Suites: []Suite{Standard}, Hold: 500 * time.Millisecond, Serves: standing, play: moveAll},
		{Name: "snapshot-storm", Title: "Snapshots are taken all the time, and a follower that missed much is sent one again and again.",
			Must:   "The others are not held up, and the follower catches up each time.",
			Suites: []Suite{Standard}, Hold: 2 * time.Second, Flags: []string{"--snapshot-log", "64KiB"}, play: snapshotStorm},
	}
}

// clockError is how far a clock jumps.
const clockError = time.Hour

// clockHeard is how long a clock must be wrong for the leader to hear of it: it asks every five seconds (package cluster).
const clockHeard = 6 * time.Second

func clockJump(ctx context.Context, r *run) error {
	r.hold = max(r.hold, clockHeard)
	node := r.cluster.Nodes[r.rng.IntN(r.cfg.Nodes)]
	jump := clockError
	if r.rng.IntN(2) == 0 {
		jump = -jump
	}
	set := func(offset time.Duration) func(context.Context) error {
		return func(ctx context.Context) error { return r.net.Node(node.Name).Clock(ctx, offset) }
	}
	s, err := r.strike(ctx, "clock jump", fmt.Sprintf("%s %+v", node.Name, jump), func(ctx context.Context) (string, error) {
		return "the node has acknowledged its new clock", set(jump)(ctx)
	})
	if err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, set(0))
}

func replaceNode(ctx context.Context, r *run) error {
	node, err := r.follower(ctx)
	if err != nil {
		return err
	}
	old, err := node.Status(ctx)
	if err != nil {
		return err
	}
	s, err := r.strike(ctx, "lost disk", node.Name, func(ctx context.Context) (string, error) {
		if _, err := node.Kill(); err != nil {
			return "", err
		}
		return "the process was killed and its directory is empty", node.Wipe()
	})
	if err != nil {
		return err
	}
	if err := r.pace(ctx, r.hold, acked(windowOps), s); err != nil {
		return err
	}
	return r.heal(ctx, func(ctx context.Context) error {
		if err := node.Start(); err != nil {
			return err
		}
		return local.Await(ctx, recoverLimit, node.Name+" to take its old place", func(ctx context.Context) error {
			leader, _, err := r.leader(ctx)
			if err != nil {
				return err
			}
			status, err := leader.Status(ctx)
			if err != nil {
				return err
			}
			voters := 0
			for _, m := range status.Members {
				if m.ID == old.Node {
					return errors.New("its old self is still a member")
				}
				if m.Voter {
					voters++
				}
			}
			if voters != r.cfg.Nodes {
				return fmt.Errorf("%d of %d voters", voters, r.cfg.Nodes)
			}
			return nil
		})
	}, s)
}

func moveAll(ctx context.Context, r *run) error {
	s, err := r.strike(ctx, "move", allNodes, func(ctx context.Context) (string, error) {
		for i, n := range r.cluster.Nodes {
			if i == r.cfg.Nodes/2 {
				r.gone = r.now()
			}
			if _, err := n.Stop(ctx); err != nil {
				return "", err
			}
		}
		before := r.cluster.Nodes[0].NodeAddr
		err := r.cluster.Move(func(n *local.Node) { r.net.Register(n.Name, n.NodeAddr, n.GossipAddr) })
		return fmt.Sprintf("all were stopped; %s went from %s to %s", r.cluster.Nodes[0].Name, before, r.cluster.Nodes[0].NodeAddr), err
	})
	if err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, startAll(r.cluster.Nodes))
}

// storms is how often a follower is sent a snapshot.
const storms = 3

func snapshotStorm(ctx context.Context, r *run) error {
	for range storms {
		node, err := r.follower(ctx)
		if err != nil {
			return err
		}
		before := r.snapshotsInstalled(node)
		s, err := r.strike(ctx, "fall behind", node.Name, kill(node))
		if err != nil {
			return err
		}
		if err := r.awaitCompacted(ctx, node); err != nil {
			return err
		}
		if err := r.pace(ctx, r.hold/storms, acked(windowOps), s); err != nil {
			return err
		}
		if err := r.heal(ctx, start(node), s); err != nil {
			return err
		}
		err = local.Await(ctx, landLimit, "a snapshot to be installed", func(context.Context) error {
			if r.snapshotsInstalled(node) == before {
				return fmt.Errorf("%s was sent none", node.Name)
			}
			return nil
		})
		if err != nil {
			r.doubt("%s caught up without a snapshot: %v", node.Name, err)
		}
	}
	return nil
}
