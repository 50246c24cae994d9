package cluster

import (
	"context"
	"time"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/cluster/readindex"
	"github.com/sessnode/sessnode/fsm"
	"github.com/sessnode/sessnode/internal/sabotage"
)

// freshness is what a successful round has shown this node.
type freshness struct {
	began      time.Duration // by the monotonic clock
	index      uint64
	generation uint64
}

// view is what allows a read to be answered from this node's memory.
type view struct {
	sure  bool  // linearizable: absence may be answered
	stamp int64 // the leader's cluster time within the round; 0 if no round was asked
}

// Session finds the live session of a token. A NotFound answer is certain, whatever the level but Local, and comes with its
// position. It waits until ctx ends at most.
func (n *Node) Session(ctx context.Context, app string, key sessnode.Key, r sessnode.Read) (sessnode.Session, sessnode.Position, error) {
	find := func() (fsm.Lookup, error) { return n.replica.machine.Lookup(app, key) }
	l, err := n.find(ctx, r, find)
	if err == nil && !r.NoTouch {
		l, err = n.active(ctx, app, key, l, find)
	}
	return l.Session, l.At, decorate(err, "read", app)
}

// SessionByID finds a live session by its public name, on the same terms. It never counts as activity.
func (n *Node) SessionByID(ctx context.Context, app string, id sessnode.ID, r sessnode.Read) (sessnode.Session, sessnode.Position, error) {
	l, err := n.find(ctx, r, func() (fsm.Lookup, error) { return n.replica.machine.ByID(app, id) })
	return l.Session, l.At, decorate(err, "read", app)
}

// find looks up one session at the level asked for. The Lookup's At is set with every answer about the session.
func (n *Node) find(ctx context.Context, r sessnode.Read, look func() (fsm.Lookup, error)) (fsm.Lookup, error) {
	var l fsm.Lookup
	err := n.read(ctx, r, func(v view) (answered bool, until int64, err error) {
		l, err = look()
		if sessnode.CodeOf(err) == sessnode.CodeNotFound && !v.sure && r.Level != sessnode.Local {
			return false, 0, nil
		}
		if err != nil {
			return true, 0, err
		}
		return true, l.Until, nil
	})
	if code := sessnode.CodeOf(err); code != sessnode.OK && code != sessnode.CodeNotFound {
		return fsm.Lookup{}, err
	}
	return l, err
}

// read brings this node to where it may answer, and calls answer with that view. answer looks at the state and returns the
// earliest cluster time at which what it found stops being so (0 = never); when that lies between committed time and the
// leader's present stamp, expiry may be due that is not in the log yet: a tick is committed and answer called again. Where
// answer cannot answer from a view that is not sure, it says so and gets a sure one.
func (n *Node) read(ctx context.Context, r sessnode.Read, answer func(view) (answered bool, until int64, err error)) error {
	if err := n.begin(); err != nil {
		return err
	}
	defer n.end()
	n.asker.counts.reads.Add(1)
	ctx, cancel := n.deadline(ctx)
	defer cancel()
	if err := n.reach(ctx, r.Min); err != nil {
		return err
	}
	if v, served := n.nearby(r); served {
		if answered, _, err := answer(v); answered {
			n.asker.counts.local.Add(1)
			return err
		}
	}
	for try := 0; ; try++ {
		again, err := n.readOnce(ctx, answer)
		if !again || !n.pause(ctx, try) {
			return err
		}
	}
}

// readOnce is one linearizable try. again says that another one may succeed.
func (n *Node) readOnce(ctx context.Context, answer func(view) (bool, int64, error)) (again bool, err error) {
	g, err := n.confirm(ctx)
	if err != nil {
		return true, err
	}
	if err := n.caughtUp(ctx, g); err != nil {
		return true, err
	}
	_, until, err := answer(view{sure: true, stamp: g.Stamp})
	at, now := n.replica.machine.At()
	if at.Generation != g.Generation || at.Index < g.Index || n.replica.stopped.Load() {
		return true, behind("the state was replaced during the read")
	}
	if err != nil || until == 0 || until > g.Stamp || until <= now {
		return err != nil && sessnode.CodeOf(err) == sessnode.CodeUnavailable, err
	}
	if err := n.commitTime(ctx); err != nil {
		return true, err
	}
	return true, noLeader("cluster time did not pass a deadline in time")
}

// nearby decides whether this node's state will do without a round.
func (n *Node) nearby(r sessnode.Read) (view, bool) {
	switch {
	case sabotage.On(sabotage.StaleRead):
		return view{sure: true}, true
	case r.Level == sessnode.Local:
		return view{}, true
	case r.Level != sessnode.Bounded:
		return view{}, false
	}
	f := n.asker.last.Load()
	at, _ := n.replica.machine.At()
	fresh := f != nil && n.clock.Monotonic()-f.began <= r.Bound && at.Generation == f.generation && at.Index >= f.index
	return view{}, fresh
}

// reach waits until this node has applied as much as the reader has seen elsewhere.
func (n *Node) reach(ctx context.Context, least sessnode.Position) error {
	if least == (sessnode.Position{}) {
		return nil
	}
	check := func() error {
		if at, _ := n.replica.machine.At(); at.Generation != least.Generation {
			return sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonGeneration, "the position belongs to another life of the cluster than this node's")
		}
		return nil
	}
	if err := check(); err != nil {
		return err
	}
	if n.replica.progress.index.Load() < least.Index {
		_, _ = n.confirm(ctx) // makes the leader tell this node at once what is committed
	}
	if n.replica.progress.wait(ctx, least.Index) != nil {
		return behind("this node has not applied what the reader has seen")
	}
	return check()
}

// caughtUp waits until this node has applied what a round granted.
func (n *Node) caughtUp(ctx context.Context, g readindex.Grant) error {
	if n.replica.progress.wait(ctx, g.Index) != nil {
		return behind("this node has not applied what is committed")
	}
	return nil
}

func behind(detail string) *sessnode.Error {
	return sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonBehind, "%s", detail)
}
