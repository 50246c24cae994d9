package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/people"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

const (
	// tourLimit bounds a tour. It takes about ten seconds.
	tourLimit = 55 * time.Second

	// tourChecks is how many checks a tour has. Fewer than that is never a pass.
	tourChecks = 13

	// stepLimit bounds one step of which nothing says how long it takes.
	stepLimit = 15 * time.Second

	// tourist is the person whose session the tour follows.
	tourist = "ada"

	// enough is how many clicks have to be served before the next step: one may be luck.
	enough = 20

	// moment is for how long the old cookie is tried after the logout.
	moment = time.Second
)

// Narrator is told what a tour does while it does it.
type Narrator interface {
	Doing(what string) // a step begins
	Judged(c Check)
	Logs(lines []string) // the nodes' last words, where the tour did not pass
}

// tour is one run. It is not safe for concurrent use.
type tour struct {
	*stage
	say         Narrator
	report      Report
	interrupted atomic.Bool // by a person or a signal

	people *people.People
	ada    *people.Browser
	old    []*http.Cookie // hers, from before she signed out
	token  sessnode.Token
	store  *client.Client // of all nodes, with the app's key
	apps   map[*local.Node]string

	looks, writes       *clicker
	killed, restarted   time.Time
	victim              *local.Node
	lookedAt, writtenAt []tried // all clicks, once stopped
}

// Tour plays the whole story without a person and returns the verdict. The error says why there could be none, or what Close left
// behind; a verdict other than PASS is no error here (Report.Err).
func Tour(ctx context.Context, place Place, say Narrator) (report Report, err error) {
	began := time.Now()
	interrupt := ctx
	ctx, cancel := context.WithTimeout(ctx, tourLimit)
	defer cancel()
	say.Doing("three nodes start")
	stage, err := openStage(ctx, place)
	t := &tour{stage: stage, say: say, report: Report{Planned: tourChecks}, apps: map[*local.Node]string{}}
	defer func() {
		if interrupt.Err() == nil && (err != nil || report.Verdict != Pass) {
			say.Logs(stage.lastLogs(logLines))
		}
		err = errors.Join(err, stage.close())
	}()
	if cause := context.Cause(interrupt); err != nil && cause != nil {
		return t.report, cause
	} else if err != nil {
		return t.report, err
	}
	defer context.AfterFunc(interrupt, func() { t.interrupted.Store(true) })()
	err = t.run(ctx)
	t.stopAll()
	if interrupt.Err() != nil {
		return t.report, context.Cause(interrupt)
	}
	if err != nil {
		t.judged("the tour goes on", "", Unjudged, err.Error())
	}
	t.report.close(time.Since(began))
	return t.report, nil
}

// logLines is how many lines of each node's log a failure shows.
const logLines = 3

// run goes through the story. It returns an error where the rest of it cannot be told.
func (t *tour) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		t.gather, t.signIn, t.killLeader, t.lookThroughSurvivors, t.restart, t.readMissedWrites, t.countPeople, t.signOut,
		t.attackEverywhere, t.askApps,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (t *tour) judged(name string, promise Promise, outcome Outcome, detail string) {
	if t.interrupted.Load() {
		return // what is asked now fails because of that
	}
	c := Check{name, promise, outcome, detail}
	t.report.Checks = append(t.report.Checks, c)
	t.say.Judged(c)
}

// stopAll ends what still clicks.
func (t *tour) stopAll() {
	if t.people != nil {
		t.people.Stop()
	}
	for _, c := range []*clicker{t.looks, t.writes} {
		if c != nil {
			c.stop()
		}
	}
	if t.store != nil {
		t.store.Close()
	}
}

// gather lets the other people sign in, and serves the app once more for each node alone.
func (t *tour) gather(ctx context.Context) (err error) {
	t.say.Doing("twenty people sign in")
	if t.store, err = t.cluster.AppClient(); err != nil {
		return err
	}
	for _, n := range t.cluster.Nodes {
		if t.apps[n], err = t.openApp(n); err != nil {
			return err
		}
	}
	t.people = people.Start(ctx, t.appURL, people.Names(), people.Pace{Think: 800 * time.Millisecond, Clicks: 6})
	select {
	case <-t.people.SignedIn:
		return nil
	case <-time.After(stepLimit):
		return fmt.Errorf("only %d of %d people could sign in", t.people.Counts().People, len(people.Names()))
	case <-ctx.Done():
		return ctx.Err()
	}
}

// signIn logs the tourist in, through the form as all others.
func (t *tour) signIn(ctx context.Context) error {
	const check = "ada signs in through the app"
	t.say.Doing(check)
	t.ada = people.NewBrowser(t.appURL, t.people.Transport)
	err := local.Await(ctx, stepLimit, "the app", func(ctx context.Context) error { return t.ada.LogIn(ctx, tourist, people.Password) })
	if err != nil {
		return err
	}
	var name string
	if err := local.Await(ctx, stepLimit, "the app", func(ctx context.Context) error { name, err = t.ada.WhoAmI(ctx); return err }); err != nil {
		return err
	}
	if name != tourist {
		t.judged(check, NoLostLogin, Broken, "the app says "+orNobody(name))
		return errors.New("nobody is signed in")
	}
	if t.token, err = tokenIn(t.ada); err != nil {
		return err
	}
	t.judged(check, NoLostLogin, Held, "the app says "+name)
	return nil
}

// leastToken is the least length of a token (Policy.MinTokenLength): other cookies of an app may be shorter.
const leastToken = 32

// tokenIn finds the session's token among the app's cookies: whatever the cookie is called, only one can hold a token.
func tokenIn(b *people.Browser) (sessnode.Token, error) {
	var found []sessnode.Token
	for _, cookie := range b.Cookies() {
		if token := sessnode.Token(cookie.Value); token.Valid(leastToken) {
			found = append(found, token)
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("the jar has %d cookies that may be a session's, want one", len(found))
	}
	return found[0], nil
}
