package faults

import (
	"context"
	"fmt"
	"time"

	"github.com/sessnode/sessnode/e2e/harness"
	"github.com/sessnode/sessnode/internal/drill/check"
)

// injury is what one fault does to a running round. Each step is verified; a fault that did not land fails the round.
type injury struct {
	hurt  func(context.Context) error
	heal  func(context.Context) error
	hold  time.Duration // how long at least it lasts
	serve bool          // whether the rest goes on serving meanwhile: then the window's operations must be done before it heals
	elect bool          // whether another node must be in office, in a later term, before it heals
}

// inject runs one fault from its landing to a whole cluster, and records its window.
func (r *round) inject(ctx context.Context, f Fault) error {
	leader, term, err := r.cluster.Leader(ctx, leaderLimit)
	if err != nil {
		return err
	}
	injury := r.injury(f, leader)
	window := Window{Fault: f, Acked: r.load.Recorder().Acked()}
	from := r.load.Recorder().Now()
	if err := injury.hurt(ctx); err != nil {
		return fmt.Errorf("the fault did not land: %w", err)
	}
	landed := r.load.Recorder().Now()
	r.cfg.Log.Info("fault landed", "fault", f, "leader", leader.Name, "term", term, "took", landed-from)
	hold := time.NewTimer(injury.hold)
	defer hold.Stop()
	want := window.Acked + windowOps
	if injury.elect {
		if err := r.awaitSuccessor(ctx, leader, term); err != nil {
			return err
		}
	}
	if injury.serve {
		if err := r.awaitAcked(ctx, want, "the window"); err != nil {
			return err
		}
	}
	select { // the fault's own length
	case <-hold.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	healed := r.load.Recorder().Now()
	if err := injury.heal(ctx); err != nil {
		return fmt.Errorf("heal: %w", err)
	}
	if f == MajorityPause {
		r.stood = append(r.stood, check.Span{Call: landed, Return: healed})
	}
	if err := r.cluster.AwaitReady(ctx); err != nil {
		return err
	}
	if err := r.awaitAcked(ctx, want, "the window"); err != nil {
		return err
	}
	window.Acked = r.load.Recorder().Acked() - window.Acked
	window.Held, window.Took = healed-landed, r.load.Recorder().Now()-from
	r.report.Windows = append(r.report.Windows, window)
	r.cfg.Log.Info("fault over", "fault", f, "held", window.Held, "took", window.Took, "acked", window.Acked)
	return nil
}

// awaitSuccessor waits until another node is leader in a later term.
func (r *round) awaitSuccessor(ctx context.Context, old *harness.Node, term uint64) error {
	return harness.Await(ctx, leaderLimit, "a new leader", func(ctx context.Context) error {
		for _, n := range r.cluster.Others(old) {
			if s, err := n.Status(ctx); err == nil && s.Leads() && s.Term > term {
				return nil
			}
		}
		return fmt.Errorf("%s led in term %d, and nobody has followed", old.Name, term)
	})
}

// injury says what a fault does when leader is in office.
func (r *round) injury(f Fault, leader *harness.Node) injury {
	followers := r.cluster.Others(leader)
	follower := followers[r.rng.IntN(len(followers))]
	switch f {
	case LeaderKill:
		return injury{hurt: kill(leader), heal: start(leader), serve: true, elect: true}
	case LeaderStop:
		return injury{hurt: stop(leader), heal: start(leader), serve: true, elect: true}
	case LeaderPauseTick:
		return injury{hurt: leader.Pause, heal: leader.Resume, hold: 200 * time.Millisecond}
	case LeaderPause:
		return injury{hurt: leader.Pause, heal: leader.Resume, hold: 2 * time.Second, elect: true}
	case LeaderPauseLong:
		return injury{hurt: leader.Pause, heal: leader.Resume, hold: 10 * time.Second, elect: true, serve: true}
	case FollowerKill:
		return injury{hurt: kill(follower), heal: start(follower), serve: true}
	case FollowerStop:
		return injury{hurt: stop(follower), heal: start(follower), serve: true}
	case FollowerPause:
		return injury{hurt: follower.Pause, heal: follower.Resume, hold: 2 * time.Second, serve: true}
	case MajorityPause:
		return injury{hurt: each(followers, (*harness.Node).Pause), heal: each(followers, (*harness.Node).Resume), hold: 1500 * time.Millisecond}
	case PowerCut:
		return injury{hurt: r.cluster.CutPower, heal: each(r.cluster.Nodes, startNode)}
	}
	panic("faults: no injury for " + string(f))
}

func startNode(n *harness.Node, _ context.Context) error { return n.Start() }

func kill(n *harness.Node) func(context.Context) error {
	return func(context.Context) error { return n.Kill() }
}

func stop(n *harness.Node) func(context.Context) error {
	return func(context.Context) error { return n.Stop() }
}

func start(n *harness.Node) func(context.Context) error {
	return func(context.Context) error { return n.Start() }
}

// each does one thing to several nodes, one after the other.
func each(nodes []*harness.Node, do func(*harness.Node, context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, n := range nodes {
			if err := do(n, ctx); err != nil {
				return fmt.Errorf("%s: %w", n.Name, err)
			}
		}
		return nil
	}
}
