package drill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/timeline"
	"github.com/sessnode/sessnode/internal/local"
)

// errNotLanded means that what was to be done to the cluster was not seen to happen.
var errNotLanded = errors.New("the fault was not seen to land")

// landing does something to the cluster, and returns how it was seen to have happened.
type landing func(context.Context) (proof string, err error)

// strike is one fault that was landed.
type strike struct {
	fault  *result.Fault
	begun  time.Duration // when it was about to land
	gone   time.Duration // when a majority was about to be gone; begun where that is not told apart
	landed time.Duration
	acked  int64 // when it landed
	tried  int64
}

// strike lands a fault.
func (r *run) strike(ctx context.Context, name, on string, land landing) (*strike, error) {
	from := r.now()
	r.gone = from
	proof, err := land(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %s on %s: %w", errNotLanded, name, on, err)
	}
	s := &strike{begun: from, gone: r.gone, landed: r.now(), acked: r.load.Recorder().Acked(), tried: r.load.Recorder().Tried(),
		fault: &result.Fault{Name: name, On: on, FromMS: timeline.MS(from), Landed: true, Proof: proof}}
	r.cfg.Observer.Event(s.landed, name+" "+on)
	return s, nil
}

// holdAndHeal lets the fault do its work for as long as the scenario says, and until enough was seen of it; then it is healed.
func (r *run) holdAndHeal(ctx context.Context, s *strike, heal func(context.Context) error) error {
	if err := r.pace(ctx, r.hold, r.scenario.usual(s.fault.On), s); err != nil {
		return err
	}
	return r.heal(ctx, heal, s)
}

// pace waits for at least a time, and until enough was seen while the fault holds. Too little is a doubt, since it may be the machine's
// fault.
func (r *run) pace(ctx context.Context, least time.Duration, want amount, s *strike) error {
	if err := r.pause(ctx, least-(r.now()-s.landed)); err != nil {
		return err
	}
	err := local.Await(ctx, landLimit, "operations "+want.what, func(context.Context) error {
		if got := want.seen(r.load.Recorder(), s); got < want.ops {
			return fmt.Errorf("%d of %d", got, want.ops)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		r.doubt("too little happened while %s on %s held: %v", s.fault.Name, s.fault.On, err)
		return nil
	}
	return err
}

// heal ends faults and waits until the cluster is whole again.
func (r *run) heal(ctx context.Context, heal func(context.Context) error, strikes ...*strike) error {
	at := r.now()
	if r.scenario.Serves == standing {
		r.mu.Lock()
		r.spans.standing = append(r.spans.standing, timeline.Span{From: strikes[0].landed, To: at})
		r.spans.without = append(r.spans.without, timeline.Span{From: strikes[0].gone, To: at})
		r.mu.Unlock()
	}
	if err := heal(ctx); err != nil {
		return fmt.Errorf("heal %s on %s: %w", strikes[0].fault.Name, strikes[0].fault.On, err)
	}
	for _, s := range strikes {
		r.healed(s)
	}
	r.cfg.Observer.Event(r.now(), "healed")
	return r.awaitReady(ctx)
}

// healed records that a fault is over.
func (r *run) healed(s *strike) {
	at := r.now()
	s.fault.ToMS = timeline.MS(at)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Faults = append(r.result.Faults, *s.fault)
	r.spans.faults = append(r.spans.faults, timeline.Span{From: s.begun, To: at})
}

// leader waits for a leader and returns it with its term.
func (r *run) leader(ctx context.Context) (*local.Node, uint64, error) {
	return r.cluster.Leader(ctx, leaderLimit)
}

// follower returns one of the followers, as the seed decides.
func (r *run) follower(ctx context.Context) (*local.Node, error) {
	leader, _, err := r.leader(ctx)
	if err != nil {
		return nil, err
	}
	return r.others(leader)[r.rng.IntN(r.cfg.Nodes-1)], nil
}

func (r *run) others(n *local.Node) []*local.Node { return r.cluster.Others(n) }

// awaitSuccessor waits until another node leads in a later term.
func (r *run) awaitSuccessor(ctx context.Context, old *local.Node, term uint64) error {
	return local.Await(ctx, leaderLimit, "a new leader", func(ctx context.Context) error {
		for _, n := range r.others(old) {
			if life, _ := n.Life(); life != local.Running {
				continue
			}
			if s, err := n.Status(ctx); err == nil && s.Leader == s.Node && s.Leader != "" && s.Term > term {
				return nil
			}
		}
		return fmt.Errorf("%s led in term %d, and nobody has followed", old.Name, term)
	})
}

// awaitReady waits until every node runs and is ready.
func (r *run) awaitReady(ctx context.Context) error {
	return local.Await(ctx, recoverLimit, "all nodes to be ready", func(ctx context.Context) error {
		for _, n := range r.cluster.Nodes {
			if err := n.Ready(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}
