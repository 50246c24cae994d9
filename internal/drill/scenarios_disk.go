package drill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sessnode/sessnode/internal/drill/faultnet"
	"github.com/sessnode/sessnode/internal/drill/timeline"
	"github.com/sessnode/sessnode/internal/local"
)

// stallTimeout is how long a write to the disk may take in drills before the node stops itself.
const stallTimeout = 2 * time.Second

// diskEvery is how often a node looks whether its disk has room (package cluster).
const diskEvery = time.Second

// diskScenarios hurt disks: slow, stalled, full, and without power.
func diskScenarios() []Scenario {
	return []Scenario{
		{Name: "slow-disk", Title: "Each write to the leader's disk takes 20 to 80 ms longer.",
			Must:   "The cluster goes on, more slowly.",
			Suites: []Suite{Standard}, Hold: 4 * time.Second, Serves: degraded, play: slowDisk},
		{Name: "stalled-disk", Title: "The leader's disk does not come back from a write.",
			Must:   "The leader stops itself with a clear message, another node leads, and the old leader comes back.",
			Suites: []Suite{Standard}, Hold: time.Second, Grace: stallTimeout, Flags: []string{"--stall-timeout", stallTimeout.String()}, play: stalledDisk},
		{Name: "disk-full", Title: "The leader's disk fills up, then all disks; then there is room again.",
			Must:   "The leader hands over before its disk is full; full disks refuse writes that grow the store and lose nothing; with room all goes on.",
			Suites: []Suite{Standard}, Hold: 2 * time.Second, Serves: degraded, play: diskFull},
		{Name: "power-cycle", Title: "All nodes lose power at once: what was not synced to disk is gone.",
			Must:   "Nothing acknowledged is lost.",
			Suites: []Suite{Standard}, Hold: 500 * time.Millisecond, Serves: standing, Disks: true, play: powerCycle},
	}
}

func slowDisk(ctx context.Context, r *run) error {
	leader, _, err := r.leader(ctx)
	if err != nil {
		return err
	}
	puppet := r.net.Node(leader.Name)
	s, err := r.strike(ctx, "slow disk", leader.Name, func(ctx context.Context) (string, error) {
		if _, err := puppet.Disk(ctx, faultnet.DiskFault{Delay: 20 * time.Millisecond, Jitter: 60 * time.Millisecond}); err != nil {
			return "", err
		}
		return r.proveDisk(ctx, leader)
	})
	if err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, func(ctx context.Context) error {
		_, err := puppet.Disk(ctx, faultnet.DiskFault{})
		return err
	})
}

// proveDisk waits until a write met the fault of a disk.
func (r *run) proveDisk(ctx context.Context, n *local.Node) (string, error) {
	var met uint64
	err := local.Await(ctx, landLimit, "a write to meet the fault", func(ctx context.Context) error {
		state, err := r.net.Node(n.Name).State(ctx)
		if met = state.DiskWrites; err == nil && met == 0 {
			err = errors.New("no write to the disk has met it yet")
		}
		return err
	})
	return fmt.Sprintf("%d writes have met it", met), err
}

// exitProtected is how serve ends when it stops itself to protect its state (docs/reference/cli.md).
const exitProtected = 8

// stopsItself waits until a node has ended, and claims that it did so on purpose.
func (r *run) stopsItself(ctx context.Context, n *local.Node) error {
	err := local.Await(ctx, landLimit+stallTimeout, n.Name+" to stop itself", func(context.Context) error {
		if life, _ := n.Life(); life != local.Ended {
			return fmt.Errorf("it is %s", life)
		}
		return nil
	})
	if err != nil {
		return err
	}
	how, code := n.Exit()
	r.claim("stopped-itself", "the node stopped itself to protect its state", code == exitProtected, how, fmt.Sprintf("exit status %d", exitProtected))
	return nil
}

func stalledDisk(ctx context.Context, r *run) error {
	leader, term, err := r.leader(ctx)
	if err != nil {
		return err
	}
	s, err := r.strike(ctx, "stalled disk", leader.Name, func(ctx context.Context) (string, error) {
		if _, err := r.net.Node(leader.Name).Disk(ctx, faultnet.DiskFault{Stall: true}); err != nil {
			return "", err
		}
		proof, err := r.proveDisk(ctx, leader)
		if life, _ := leader.Life(); err != nil && life == local.Ended {
			return "the node has ended by it", nil // before it could be asked
		}
		return proof, err
	})
	if err != nil {
		return err
	}
	if err := r.stopsItself(ctx, leader); err != nil {
		return err
	}
	if err := r.awaitSuccessor(ctx, leader, term); err != nil {
		return err
	}
	r.net.Node(leader.Name).Forget() // its next process has a disk that works
	return r.holdAndHeal(ctx, s, start(leader))
}

// The free space that disks are said to have in disk-full: below and above the mark that a node keeps free.
const (
	diskTotal = 10 << 30
	diskLow   = 1 << 20
)

func diskFull(ctx context.Context, r *run) error {
	leader, term, err := r.leader(ctx)
	if err != nil {
		return err
	}
	full := faultnet.DiskFault{Free: diskLow, Total: diskTotal}
	fill := func(nodes []*local.Node, f faultnet.DiskFault) func(context.Context) error {
		return func(ctx context.Context) error {
			for _, n := range nodes {
				if _, err := r.net.Node(n.Name).Disk(ctx, f); err != nil {
					return err
				}
			}
			return nil
		}
	}
	first, err := r.strike(ctx, "disk full", leader.Name, func(ctx context.Context) (string, error) {
		if err := fill(one(leader), full)(ctx); err != nil {
			return "", err
		}
		return "the node has acknowledged what its disk has left", nil
	})
	if err != nil {
		return err
	}
	if err := r.awaitSuccessor(ctx, leader, term); err != nil {
		return err
	}
	if err := r.pace(ctx, r.hold, acked(windowOps), first); err != nil {
		return err
	}
	all, err := r.strike(ctx, "disk full", allNodes, func(ctx context.Context) (string, error) {
		if err := fill(r.cluster.Nodes, full)(ctx); err != nil {
			return "", err
		}
		return "all nodes have acknowledged what their disks have left", nil
	})
	if err != nil {
		return err
	}
	if err := local.Await(ctx, landLimit, "every node to refuse a create with 507", r.refusedFull); err != nil {
		return err
	}
	if err := r.pace(ctx, r.hold, tried(leastTried), all); err != nil {
		return err
	}
	room := func(ctx context.Context) error {
		err := fill(r.cluster.Nodes, faultnet.DiskFault{})(ctx)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.spans.refusing = append(r.spans.refusing, timeline.Span{From: all.begun, To: r.now() + diskEvery})
		return err
	}
	return r.heal(ctx, room, first, all)
}

func powerCycle(ctx context.Context, r *run) error {
	s, err := r.strike(ctx, "power cut", allNodes, func(ctx context.Context) (string, error) {
		if _, err := killAll(r.cluster.Nodes)(ctx); err != nil {
			return "", err
		}
		for _, d := range r.disks {
			if err := d.Cut(ctx); err != nil {
				return "", err
			}
		}
		return "all processes were killed, and the file systems shut down without writing what was not synced", nil
	})
	if err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, startAll(r.cluster.Nodes))
}
