package drill

import (
	"context"
	"fmt"
	"time"

	"github.com/sessnode/sessnode/internal/local"
)

// processScenarios hurt processes: SIGKILL, SIGSTOP, SIGTERM.
func processScenarios() []Scenario {
	return []Scenario{
		{Name: "leader-kill", Title: "The leader is killed (SIGKILL), and started again later.",
			Must:   "Another node leads within the budget; nothing acknowledged is lost; nobody is signed out.",
			Suites: []Suite{Quick, Standard}, Hold: 2 * time.Second, play: leaderKill},
		{Name: "leader-pause", Title: "The leader is stopped (SIGSTOP) for longer than its lease, and wakes up believing that it still leads.",
			Must:   "Another node leads meanwhile; the old one serves nothing stale when it wakes up.",
			Suites: []Suite{Quick, Standard}, Hold: 2 * time.Second, play: leaderPause},
		{Name: "step-down", Title: "Leadership is handed to another node again and again.",
			Must:   "Each hand-over takes a moment; no request fails that is tried again.",
			Suites: []Suite{Standard}, Hold: 2 * time.Second, Live: true, play: stepDown},
		{Name: "follower-kill", Title: "A follower is killed (SIGKILL), and started again later.",
			Must:   "Nobody notices; the follower catches up.",
			Suites: []Suite{Standard}, Hold: 2 * time.Second, play: followerKill},
		{Name: "follower-pause", Title: "A follower is stopped (SIGSTOP), and goes on later.",
			Must: "The others go on; the follower serves nothing stale when it wakes up.", Hold: 2 * time.Second, play: followerPause},
		{Name: "rolling-restart", Title: "Each node in turn is stopped (SIGTERM) and started again, as for an upgrade.",
			Must:   "No request fails at a client that tries again.",
			Suites: []Suite{Standard}, play: rollingRestart},
		{Name: "all-kill", Title: "All nodes are killed at once (SIGKILL) and started again.",
			Must: "Nothing acknowledged is lost.", Serves: standing, Hold: time.Second,
			Limits: []string{"What the nodes had not synced was still in the kernel's page cache; power-cycle drops it."}, play: allKill},
	}
}

func leaderKill(ctx context.Context, r *run) error {
	leader, term, err := r.leader(ctx)
	if err != nil {
		return err
	}
	s, err := r.strike(ctx, "kill", leader.Name, kill(leader))
	if err != nil {
		return err
	}
	if err := r.awaitSuccessor(ctx, leader, term); err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, start(leader))
}

func leaderPause(ctx context.Context, r *run) error {
	leader, term, err := r.leader(ctx)
	if err != nil {
		return err
	}
	s, err := r.strike(ctx, "pause", leader.Name, pauseNode(leader))
	if err != nil {
		return err
	}
	if err := r.awaitSuccessor(ctx, leader, term); err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, resume(leader))
}

func followerKill(ctx context.Context, r *run) error {
	follower, err := r.follower(ctx)
	if err != nil {
		return err
	}
	s, err := r.strike(ctx, "kill", follower.Name, kill(follower))
	if err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, start(follower))
}

func followerPause(ctx context.Context, r *run) error {
	follower, err := r.follower(ctx)
	if err != nil {
		return err
	}
	s, err := r.strike(ctx, "pause", follower.Name, pauseNode(follower))
	if err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, resume(follower))
}

// stepDowns is how often leadership is handed over.
const stepDowns = 5

func stepDown(ctx context.Context, r *run) error {
	for range stepDowns {
		leader, term, err := r.leader(ctx)
		if err != nil {
			return err
		}
		to := r.others(leader)[r.rng.IntN(r.cfg.Nodes-1)]
		s, err := r.strike(ctx, "step-down", leader.Name+" -> "+to.Name, func(ctx context.Context) (string, error) {
			if err := r.transfer(ctx, leader, to); err != nil {
				return "", err
			}
			return "the leader said that it had handed over", nil
		})
		if err != nil {
			return err
		}
		if err := r.awaitSuccessor(ctx, leader, term); err != nil {
			return err
		}
		r.healed(s)
		if err := r.pace(ctx, r.hold/stepDowns, acked(windowOps/stepDowns), s); err != nil {
			return err
		}
	}
	return nil
}

func rollingRestart(ctx context.Context, r *run) error {
	for _, node := range r.cluster.Nodes {
		s, err := r.strike(ctx, "restart", node.Name, func(ctx context.Context) (string, error) {
			how, err := node.Stop(ctx)
			if err == nil {
				err = node.Start()
			}
			return "SIGTERM, " + how, err
		})
		if err != nil {
			return err
		}
		if err := r.awaitReady(ctx); err != nil {
			return err
		}
		r.healed(s)
		if err := r.pace(ctx, 0, acked(windowOps), s); err != nil {
			return err
		}
	}
	return nil
}

func allKill(ctx context.Context, r *run) error {
	s, err := r.strike(ctx, "kill", allNodes, killAll(r.cluster.Nodes))
	if err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, startAll(r.cluster.Nodes))
}

func kill(n *local.Node) landing {
	return func(context.Context) (string, error) {
		pid, err := n.Kill()
		return fmt.Sprintf("process %d ended by SIGKILL", pid), err
	}
}

func killAll(nodes []*local.Node) landing {
	return func(ctx context.Context) (string, error) {
		for _, n := range nodes {
			if _, err := kill(n)(ctx); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("%d processes ended by SIGKILL", len(nodes)), nil
	}
}

func pauseNode(n *local.Node) landing {
	return func(ctx context.Context) (string, error) {
		err := n.Pause(ctx)
		return "the kernel says that the process is stopped", err
	}
}

func resume(n *local.Node) func(context.Context) error {
	return func(context.Context) error {
		did, err := n.Resume()
		if err == nil && !did {
			err = fmt.Errorf("%w: %s was not paused any more", errNotLanded, n.Name)
		}
		return err
	}
}

func start(n *local.Node) func(context.Context) error {
	return func(context.Context) error { return n.Start() }
}

func startAll(nodes []*local.Node) func(context.Context) error {
	return func(context.Context) error {
		for _, n := range nodes {
			if err := n.Start(); err != nil {
				return err
			}
		}
		return nil
	}
}
