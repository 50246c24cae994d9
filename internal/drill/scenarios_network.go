package drill

import (
	"context"
	"fmt"
	"time"

	"github.com/sessnode/sessnode/internal/drill/faultnet"
	"github.com/sessnode/sessnode/internal/local"
)

// networkScenarios cut, slow down and lose what nodes say to each other. Clients reach every node all the time: that is the hard
// case, since a node that is cut off must refuse them.
func networkScenarios() []Scenario {
	return []Scenario{
		{Name: "isolate-leader", Title: "The leader is cut off from all other nodes, both ways; clients still reach it.",
			Must:   "Another node leads; the old leader acknowledges nothing and serves nothing stale.",
			Suites: []Suite{Quick, Standard}, Hold: 2500 * time.Millisecond, play: isolateLeader},
		{Name: "one-way", Title: "What the leader says does not arrive any more, or what is said to it: one way only.",
			Must:   "The cluster finds a leader whom a majority hears.",
			Suites: []Suite{Standard}, Hold: 3 * time.Second, play: oneWay},
		{Name: "minority", Title: "A follower is cut off from all other nodes, both ways; clients still reach it.",
			Must:   "The others go on; the one that is cut off serves nothing stale, and its return does not disturb them.",
			Suites: []Suite{Standard}, Hold: 3 * time.Second, play: minority},
		{Name: "majority", Title: "Every node is cut off from every other: no majority is left.",
			Must:   "Nothing is acknowledged and nothing is read until a majority is back; nobody is signed out meanwhile.",
			Suites: []Suite{Quick, Standard}, Hold: 2 * time.Second, Serves: standing, play: majority},
		{Name: "slow-link", Title: "All links between nodes are slow, uneven and lossy.",
			Must:   "The cluster goes on, more slowly.",
			Suites: []Suite{Standard}, Hold: 4 * time.Second, Serves: degraded, play: slowLink},
		{Name: "gossip-loss", Title: "Gossip is lost between all nodes; the node port works.",
			Must: "Nothing changes: neither the leader nor who votes.", Hold: 4 * time.Second, play: gossipLoss},
	}
}

// cut drops everything from one set of nodes to another, one way, and proves it by what the switch has held back.
func (r *run) cut(from, to []*local.Node, only faultnet.Traffic) landing {
	return func(ctx context.Context) (string, error) {
		for _, a := range from {
			for _, b := range to {
				if a != b {
					r.net.Link(a.Name, b.Name).Cut(only)
				}
			}
		}
		return r.proveCut(ctx, from, to)
	}
}

// proveCut waits until something that was sent over each cut link was held back.
func (r *run) proveCut(ctx context.Context, from, to []*local.Node) (string, error) {
	var held uint64
	err := local.Await(ctx, landLimit, "the cut to hold something back", func(context.Context) error {
		held = 0
		for _, a := range from {
			for _, b := range to {
				if a == b {
					continue
				}
				stopped := r.net.Link(a.Name, b.Name).Stopped()
				if stopped == 0 {
					return fmt.Errorf("nothing was held back from %s to %s", a.Name, b.Name)
				}
				held += stopped
			}
		}
		return nil
	})
	return fmt.Sprintf("%d messages or packets were held back", held), err
}

// both cuts both ways.
func (r *run) both(a, b []*local.Node) landing {
	return func(ctx context.Context) (string, error) {
		there, err := r.cut(a, b, faultnet.All)(ctx)
		if err != nil {
			return "", err
		}
		back, err := r.cut(b, a, faultnet.All)(ctx)
		return there + "; back: " + back, err
	}
}

func (r *run) healNetwork(context.Context) error {
	r.net.Heal()
	return nil
}

func isolateLeader(ctx context.Context, r *run) error {
	leader, term, err := r.leader(ctx)
	if err != nil {
		return err
	}
	s, err := r.strike(ctx, "cut off", leader.Name, r.both(r.others(leader), one(leader)))
	if err != nil {
		return err
	}
	if err := r.awaitSuccessor(ctx, leader, term); err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, r.healNetwork)
}

func oneWay(ctx context.Context, r *run) error {
	leader, _, err := r.leader(ctx)
	if err != nil {
		return err
	}
	from, to, on := one(leader), r.others(leader), leader.Name+" -> all"
	if r.rng.IntN(2) == 0 {
		from, to, on = to, from, "all -> "+leader.Name
	}
	s, err := r.strike(ctx, "cut one way", on, r.cut(from, to, faultnet.All))
	if err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, r.healNetwork)
}

func minority(ctx context.Context, r *run) error {
	follower, err := r.follower(ctx)
	if err != nil {
		return err
	}
	s, err := r.strike(ctx, "cut off", follower.Name, r.both(r.others(follower), one(follower)))
	if err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, r.healNetwork)
}

func majority(ctx context.Context, r *run) error {
	s, err := r.strike(ctx, "cut off", "every node", r.cut(r.cluster.Nodes, r.cluster.Nodes, faultnet.All))
	if err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, r.healNetwork)
}

func slowLink(ctx context.Context, r *run) error {
	s, err := r.strike(ctx, "slow", "all links", func(ctx context.Context) (string, error) {
		for _, a := range r.cluster.Nodes {
			for _, b := range r.others(a) {
				l := r.net.Link(a.Name, b.Name)
				l.Delay(30*time.Millisecond, 25*time.Millisecond)
				l.Loss(0.005)
			}
		}
		return "30 ± 25 ms each way, 0.5 % lost", local.Await(ctx, landLimit, "a delayed message", func(context.Context) error {
			for _, a := range r.cluster.Nodes {
				for _, b := range r.others(a) {
					if r.net.Link(a.Name, b.Name).Delayed() == 0 {
						return fmt.Errorf("nothing was delayed from %s to %s", a.Name, b.Name)
					}
				}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, r.healNetwork)
}

func gossipLoss(ctx context.Context, r *run) error {
	leader, term, err := r.leader(ctx)
	if err != nil {
		return err
	}
	members, err := r.voters(ctx, leader)
	if err != nil {
		return err
	}
	s, err := r.strike(ctx, "gossip lost", "all links", r.cut(r.cluster.Nodes, r.cluster.Nodes, faultnet.Gossip))
	if err != nil {
		return err
	}
	if err := r.holdAndHeal(ctx, s, r.healNetwork); err != nil {
		return err
	}
	still, now, err := r.leader(ctx)
	if err != nil {
		return err
	}
	after, err := r.voters(ctx, still)
	if err != nil {
		return err
	}
	r.claim("configuration", "leader and voters as before", still == leader && now == term && members == after,
		fmt.Sprintf("%s in term %d, %s", still.Name, now, after), fmt.Sprintf("%s in term %d, %s", leader.Name, term, members))
	return nil
}

func one(n *local.Node) []*local.Node { return []*local.Node{n} }
