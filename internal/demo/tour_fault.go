package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/people"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// killLeader kills the leader while ada clicks without a pause, and waits until she is served again.
func (t *tour) killLeader(ctx context.Context) error {
	t.say.Doing("ada clicks; the leader is killed")
	t.looks = startClicking(ctx, looking(t.ada, tourist))
	t.writes = startClicking(ctx, writing(t.store, t.token))
	for _, c := range []*clicker{t.looks, t.writes} {
		if err := c.awaitServed(ctx, stepLimit, enough, time.Time{}); err != nil {
			return err
		}
	}
	l, err := t.kill(ctx)
	if err != nil {
		return err
	}
	outcome, detail := judgeKill(l)
	t.judged(l.leader.Name+", the leader, is killed", "", outcome, detail)
	if outcome != Held {
		return errors.New("without a fault there is nothing to see")
	}
	for _, c := range []*clicker{t.looks, t.writes} {
		_ = c.awaitServed(ctx, gapLimit, enough, time.Now()) // judged next
	}
	outcome, detail = judgeGap(t.looks.clicks(), t.writes.clicks(), t.killed)
	t.judged("ada is served again", "", outcome, detail)
	return nil
}

// kill finds the leader, makes sure of it with all three nodes, kills it, and watches what happened.
func (t *tour) kill(ctx context.Context) (l landed, err error) {
	err = local.Await(ctx, stepLimit, "a leader on which all nodes agree", func(ctx context.Context) error {
		if l.leader, l.term, err = t.cluster.Leader(ctx, local.AskLimit); err != nil {
			return err
		}
		l.agreed = agreeOnLeader(t.cluster.Statuses(ctx), l.term)
		if !l.agreed {
			return errors.New("they differ")
		}
		return nil
	})
	if err != nil {
		return l, err
	}
	t.victim, t.killed = l.leader, time.Now()
	l.pid, l.killErr = l.leader.Kill()
	_, running, lookErr := local.LookUp(l.pid)
	l.gone = lookErr != nil || !running
	l.successor, l.next, _ = t.cluster.Leader(ctx, gapLimit) // none is judged
	return l, nil
}

// agreeOnLeader reports whether all nodes name one leader of the term.
func agreeOnLeader(all []local.NodeStatus, term uint64) bool {
	for _, s := range all {
		if s.Err != nil || s.Term != term || s.Leader == "" || s.Leader != all[0].Leader {
			return false
		}
	}
	return true
}

// lookThroughSurvivors asks each node that is left, through an app that knows no other one, and directly with the token that
// is in ada's cookie jar.
func (t *tour) lookThroughSurvivors(ctx context.Context) error {
	for _, n := range t.cluster.Others(t.victim) {
		t.say.Doing("ada looks through " + n.Name)
		one, err := t.cluster.AppClient(n)
		if err != nil {
			return err
		}
		outcome, detail := judgeSurvivor(lookThrough(ctx, t.ada.At(t.apps[n]), one, t.token), tourist)
		one.Close()
		t.judged("still signed in through "+n.Name, NoLostLogin, outcome, detail)
	}
	return nil
}

// lookThrough asks until the app and the store have given an answer, whatever it is.
func lookThrough(ctx context.Context, b *people.Browser, store *client.Client, token sessnode.Token) survived {
	var s survived
	_ = local.Await(ctx, stepLimit, "the app", func(ctx context.Context) error {
		s.name, s.appErr = b.WhoAmI(ctx)
		return s.appErr
	})
	_ = local.Await(ctx, stepLimit, "the store", func(ctx context.Context) error {
		began := time.Now()
		session, err := store.Read(ctx, token)
		s.readErr, s.readTook = err, time.Since(began)
		if err == nil {
			s.subject = session.Subject
		}
		if errors.Is(err, sessnode.ErrUnavailable) {
			return err
		}
		return nil
	})
	return s
}

// restart starts the killed node again and waits until all three hold the same.
func (t *tour) restart(ctx context.Context) error {
	n := t.victim
	check := n.Name + " is restarted and catches up"
	t.say.Doing(check)
	began := time.Now()
	t.restarted = began // what was acknowledged before was written without it
	if err := n.Start(); err != nil {
		return err
	}
	if err := t.cluster.AwaitReady(ctx, n); err != nil {
		t.judged(check, NoLostLogin, Unjudged, err.Error())
		return errors.New("two nodes are left")
	}
	t.people.Stop() // nothing may be written while the three are compared
	t.writtenAt = t.writes.stop()
	agreed, err := t.cluster.Agree(ctx, stepLimit)
	switch {
	case errors.Is(err, local.ErrDiffer):
		t.judged(check, NoLostLogin, Broken, err.Error())
		return nil
	case err != nil:
		t.judged(check, NoLostLogin, Unjudged, err.Error())
		return nil
	}
	t.judged(check, NoLostLogin, Held, fmt.Sprintf("3 of 3 applied %d, state %.8s · %s", agreed.Applied, agreed.StateHash, seconds(time.Since(began))))
	return nil
}

// readMissedWrites reads at the restarted node what was written while it was down.
func (t *tour) readMissedWrites(ctx context.Context) error {
	n := t.victim
	check := "what " + n.Name + " missed is read at " + n.Name
	t.say.Doing(check)
	one, err := t.cluster.AppClient(n)
	if err != nil {
		return err
	}
	defer one.Close()
	session, err := one.Read(ctx, t.token)
	if err == nil {
		var stored int64
		if err = client.Decode(session.Attrs[clicksAttr], &stored); err == nil {
			outcome, detail := judgeClicks(t.writtenAt, t.killed, t.restarted, stored)
			t.judged(check, NoLostUpdate, outcome, detail)
			return nil
		}
	}
	outcome := Unjudged
	if errors.Is(err, sessnode.ErrNotFound) {
		outcome = Broken
	}
	t.judged(check, NoLostLogin, outcome, err.Error())
	return nil
}

// countPeople asks everybody whether the faults have signed them out.
func (t *tour) countPeople(context.Context) error {
	t.lookedAt = t.looks.stop()
	outcome, detail := judgePeople(t.people.Counts(), t.lookedAt, t.writtenAt)
	t.judged("nobody signed out by the fault", NoFalseLogout, outcome, detail)
	return nil
}
