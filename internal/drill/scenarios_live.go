package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sessnode/sessnode/internal/drill/timeline"
	"github.com/sessnode/sessnode/internal/local"
)

// liveScenarios are made for clusters that others use: what is done ends by itself, or is done by their operator.
func liveScenarios() []Scenario {
	return []Scenario{
		{Name: "drain", Title: "The leader is taken out of service, as for maintenance, and works again later.",
			Must: "It hands over; nobody notices; no request fails that is tried again.", Hold: 2 * time.Second, Live: true, play: drain},
		{Name: "by-hand", Title: "An operator hurts the cluster while the drill watches, and heals it.",
			Must: "Whatever is done to a minority, nobody is signed out and nothing acknowledged is lost.",
			Hold: handWait, Live: true, ByHand: true, Serves: degraded,
			Limits: []string{"What was done by hand is known only as far as nodes and clients showed it."}, play: byHand},
	}
}

// drainLimit is after what time a drained node works again by itself, whatever has become of the drill: longer than the drill needs.
func (r *run) drainLimit() time.Duration { return r.hold + landLimit + recoverLimit }

// errWorksAgain means that somebody else has ended a drain.
var errWorksAgain = errors.New("it works again already")

func drain(ctx context.Context, r *run) error {
	leader, term, err := r.leader(ctx)
	if err != nil {
		return err
	}
	end := func(ctx context.Context) error { return leader.Order.SetDrained(ctx, false) }
	var owed *debt
	if r.isTarget() {
		r.cfg.Observer.Event(r.now(), fmt.Sprintf("%s is drained for at most %v, whatever becomes of this drill", leader.Name, r.drainLimit()))
		owed = r.stage.owe("sessnode node undrain "+leader.Name, end)
	}
	s, err := r.strike(ctx, "drain", leader.Name, func(ctx context.Context) (string, error) {
		if err := leader.Order.DrainFor(ctx, r.drainLimit()); err != nil {
			return "", err
		}
		return fmt.Sprintf("the node says that it is drained, for at most %v", r.drainLimit()), drained(ctx, leader)
	})
	if err != nil {
		return err
	}
	if err := r.awaitSuccessor(ctx, leader, term); err != nil {
		return err
	}
	return r.holdAndHeal(ctx, s, func(ctx context.Context) error {
		if err := drained(ctx, leader); err != nil {
			return fmt.Errorf("%w: %w", errNotLanded, err)
		}
		if owed != nil {
			return r.cfg.Target.Owed.settle(ctx, owed)
		}
		return end(ctx)
	})
}

// drained returns nil if a node says itself that it is drained.
func drained(ctx context.Context, n *local.Node) error {
	checks, err := n.Readiness(ctx)
	if err != nil {
		return err
	}
	for _, c := range checks {
		if c.Name == "drained" && !c.OK {
			return nil
		}
	}
	return fmt.Errorf("%s: %w", n.Name, errWorksAgain)
}

const (
	// handWait is how long the drill waits for something to be seen.
	handWait = 2 * time.Minute

	// handLook is how often it looks; what is seen must be seen twice, since a busy machine misses one answer.
	handLook = 250 * time.Millisecond

	// handQuiet is how long nothing must be wrong for the operator to be done.
	handQuiet = 3 * time.Second
)

func byHand(ctx context.Context, r *run) error {
	before, err := r.glance(ctx)
	if err != nil {
		return err
	}
	r.cfg.Observer.Event(r.now(), fmt.Sprintf("your turn: hurt the cluster, for instance stop a node, and heal it; the drill looks on for %v", r.hold))
	s, err := r.awaitHand(ctx, before)
	if err != nil || s == nil {
		return err
	}
	if err := r.pace(ctx, 0, tried(leastTried), s); err != nil {
		return err
	}
	if err := r.awaitQuiet(ctx, s); err != nil {
		return err
	}
	r.healed(s)
	r.cfg.Observer.Event(r.now(), "whole again")
	return nil
}

// awaitHand waits until something is seen that was not so before. The strike is nil where nothing was: that proves nothing.
func (r *run) awaitHand(ctx context.Context, before glance) (*strike, error) {
	tick := time.NewTicker(handLook)
	defer tick.Stop()
	clean, last, began := r.now(), "", r.now()
	for r.now()-began < r.hold {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
		at := r.now()
		now, err := r.glance(ctx)
		if err != nil {
			return nil, err
		}
		what, on := now.differs(before)
		switch {
		case what == "":
			clean, last = at, ""
			continue
		case last == "":
			last = on
			continue
		}
		return r.struckByHand(clean, what, on), nil
	}
	r.doubt("nothing was seen to happen within %v", r.hold)
	return nil, nil
}

// struckByHand is what an operator was seen to do, some time after the last look that showed nothing.
func (r *run) struckByHand(clean time.Duration, what, on string) *strike {
	s, _ := r.strike(context.Background(), "by hand", on, func(context.Context) (string, error) { return what, nil })
	s.begun, s.gone, s.fault.FromMS = clean, clean, float64(clean.Milliseconds())
	return s
}

// awaitQuiet waits until nothing has been wrong for a while. Times in which most nodes gave no answer are no gap of the cluster's.
func (r *run) awaitQuiet(ctx context.Context, s *strike) error {
	tick := time.NewTicker(handLook)
	defer tick.Stop()
	quiet, lost := time.Duration(-1), lostMajority{able: s.begun}
	defer func() { r.excuse(lost.spans) }()
	for {
		at := r.now()
		now, err := r.glance(ctx)
		if err != nil {
			return fmt.Errorf("%s was not healed: %w", s.fault.On, err)
		}
		lost.look(at, r.now(), now.noMajority())
		switch {
		case len(now.wrong) > 0 || now.leader == "":
			quiet = -1
		case quiet < 0:
			quiet = at
		case at-quiet >= handQuiet:
			return nil
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// excuse records times in which writes need not be acknowledged.
func (r *run) excuse(spans []timeline.Span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans.without = append(r.spans.without, spans...)
}

// lostMajority gathers the times in which most nodes gave no answer: from the last look at which they did to the next.
type lostMajority struct {
	able  time.Duration // when the last look began at which enough answered
	lost  bool
	spans []timeline.Span
}

// look takes in a look that lasted from one moment to another.
func (l *lostMajority) look(from, to time.Duration, lost bool) {
	if lost && !l.lost {
		l.spans = append(l.spans, timeline.Span{From: l.able})
	}
	if lost || l.lost {
		l.spans[len(l.spans)-1].To = to
	}
	if l.lost = lost; !lost {
		l.able = from
	}
}

// glance is how the nodes look at a moment.
type glance struct {
	nodes  int
	leader string
	term   uint64
	silent int               // how many give no answer
	wrong  map[string]string // what is wrong, by node
}

// glance asks all nodes. It returns an error only where ctx has ended.
func (r *run) glance(ctx context.Context) (glance, error) {
	statuses := r.cluster.Statuses(ctx)
	g := glance{nodes: len(statuses), wrong: map[string]string{}}
	if leader, term := local.LeaderOf(statuses); leader != nil {
		g.leader, g.term = leader.Name, term
	}
	for _, s := range statuses {
		if s.Err != nil {
			g.silent++
			g.wrong[s.Of.Name] = "gives no answer"
			continue
		}
		if why := unreadiness(s.Of.Readiness(ctx)); why != "" {
			g.wrong[s.Of.Name] = "is not ready: " + why
		}
	}
	return g, ctx.Err()
}

// differs says what is not as it was before, and on which node; empty where nothing is.
func (g glance) differs(before glance) (what, on string) {
	var nodes []string
	for name, why := range g.wrong {
		if before.wrong[name] != why {
			nodes = append(nodes, name)
		}
	}
	slices.Sort(nodes)
	switch {
	case len(nodes) > 0:
		return nodes[0] + " " + g.wrong[nodes[0]], nodes[0]
	case g.leader != "" && g.term > before.term:
		return fmt.Sprintf("%s leads in term %d, after %s in term %d", g.leader, g.term, before.leader, before.term), before.leader
	}
	return "", ""
}

// noMajority reports whether so many nodes give no answer that the others may be no majority.
func (g glance) noMajority() bool { return g.nodes-g.silent < g.nodes/2+1 }
