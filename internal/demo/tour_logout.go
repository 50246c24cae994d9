package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sessnode/sessnode/internal/local"
)

// signOut logs ada out through the app while requests of hers that write are under way.
func (t *tour) signOut(ctx context.Context) error {
	const check = "ada signs out through the app"
	t.say.Doing(check)
	t.old = t.ada.Cookies()
	t.writes = startClicking(ctx, writing(t.store, t.token))
	if err := t.writes.awaitServed(ctx, stepLimit, 1, time.Time{}); err != nil {
		return err
	}
	if err := local.Await(ctx, stepLimit, "the app", t.ada.LogOut); err != nil {
		return err
	}
	done := time.Now()
	_ = local.Await(ctx, stepLimit, "a late write", func(context.Context) error { // judged next
		if count(t.writes.clicks(), func(w tried) bool { return w.begun.After(done) && w.answer != unclear }) < enough {
			return errors.New("none came")
		}
		return nil
	})
	writes := t.writes.stop()
	name, err := t.ada.WhoAmI(ctx)
	outcome, detail := judgeLogout(name, err, writes, done)
	t.judged(check, NoGhost, outcome, detail)
	return nil
}

// attackEverywhere sends every kind of late request with the old token to each node.
func (t *tour) attackEverywhere(ctx context.Context) error {
	for _, n := range t.cluster.Nodes {
		t.say.Doing("the old cookie is tried at " + n.Name)
		one, err := t.cluster.AppClient(n)
		if err != nil {
			return err
		}
		outcome, detail := judgeAttack(attack(ctx, one, t.token))
		one.Close()
		t.judged("the old cookie is dead at "+n.Name, NoGhost, outcome, detail)
	}
	return nil
}

// askApps shows the old cookie to the app, through any node and through each, for a moment.
func (t *tour) askApps(ctx context.Context) error {
	const check = "the app forgets the old cookie"
	t.say.Doing(check)
	urls := []string{t.appURL}
	for _, n := range t.cluster.Nodes {
		urls = append(urls, t.apps[n])
	}
	var answers []asked
	for began := time.Now(); time.Since(began) < moment && ctx.Err() == nil; {
		for _, url := range urls {
			thief := t.ada.WithCookies(t.old) // anew each time: the app may take the cookie out of a jar
			name, err := thief.At(url).WhoAmI(ctx)
			answers = append(answers, asked{name, err})
		}
	}
	outcome, detail := judgeAsked(answers)
	t.judged(check, NoGhost, outcome, detail)
	return nil
}

// asked is one answer to the old cookie.
type asked struct {
	name string
	err  error
}

// judgeAsked says whether the app took the old cookie for nobody's every time.
func judgeAsked(all []asked) (Outcome, string) {
	var open error
	for _, a := range all {
		switch {
		case a.err != nil:
			open = a.err
		case a.name != "":
			return Broken, "the app says " + a.name
		}
	}
	switch {
	case open != nil:
		return Unjudged, "the app: " + open.Error()
	case len(all) == 0:
		return Unjudged, "the app was not asked"
	}
	return Held, fmt.Sprintf("nobody, %d times, through each node", len(all))
}
