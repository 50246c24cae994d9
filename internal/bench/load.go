package bench

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/sessnode/sessnode"
)

const (
	// resolveFor is how long a leader is waited for between two runs.
	resolveFor = 15 * time.Second

	// revokeFor bounds the revoking in the end, and revokeSoon after an interruption: what is left expires by itself.
	revokeFor  = 5 * time.Minute
	revokeSoon = 10 * time.Second
)

// Observer is told how a load goes on. Its functions may be nil; they are called by one goroutine at a time and must not
// block for long.
type Observer struct {
	Every    time.Duration  // how often Progress is called; 0 = once a second
	Progress func(Progress) // while something goes on
	Done     func(Run)      // after each run
}

// load is one plan that is being carried out.
type load struct {
	store    Store
	plan     Plan
	observer Observer
	sessions []sessnode.Token // that the operations are about
	runs     int              // of the plan
	observed int              // runs that have begun
}

// Load carries out a plan, which must be valid. It blocks until all runs are made and what they left is revoked. When ctx
// ends it returns soon, with what was measured by then.
//
// The error says why a run could not be made; the Report holds those before. Operations that fail are no error: they are
// counted.
func Load(ctx context.Context, s Store, p Plan, o Observer) (Report, error) {
	l := &load{store: s, plan: p, observer: o}
	l.runs = p.Runs()
	report := Report{Schema: Schema, Settings: settingsOf(p), Runs: []Run{}}
	population := newLedger(p.Sessions * 2)
	err := l.begin(ctx, population, &report)
	left := uint64(0)
	for i, st := range p.steps() {
		if err != nil || ctx.Err() != nil {
			break
		}
		made := newLedger(p.MostSessions)
		var r Run
		if r, err = l.run(ctx, st, made); err == nil {
			report.Runs = append(report.Runs, r)
			if o.Done != nil {
				o.Done(r)
			}
		}
		left += l.tidy(ctx, made, i+1)
	}
	left += l.tidy(ctx, population, 0)
	report.Left, report.Interrupted = left, ctx.Err() != nil
	if report.Interrupted {
		err = nil // that is why
	}
	return report, err
}

// begin finds the nodes, makes sure that each route leads somewhere, and makes the sessions that the runs are about.
func (l *load) begin(ctx context.Context, population *ledger, report *Report) error {
	nodes, err := l.store.Nodes(ctx)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		report.Nodes = append(report.Nodes, NodeInfo{Name: n.Name, URL: n.URL, Leader: n.Leader})
	}
	if err := l.allowed(nodes); err != nil {
		return err
	}
	if !l.plan.needsSessions() {
		return nil
	}
	all, err := nodes.Choose("all")
	if err != nil {
		return err
	}
	l.sessions, err = l.prepare(ctx, all, population)
	return err
}

// allowed makes sure that each route leads somewhere, and nowhere that it must not.
func (l *load) allowed(nodes Nodes) error {
	for _, route := range append([]string{"all"}, l.plan.Routes...) { // sessions are made through all
		chosen, err := nodes.Choose(route)
		if err != nil {
			return &RouteError{Route: route, Err: err}
		}
		for _, n := range chosen {
			if !l.plan.Remote && !Loopback(n.URL) {
				return fmt.Errorf("%s at %s: %w", n.Name, n.URL, ErrRemote)
			}
		}
	}
	return nil
}

// ErrRemote is wrapped when a node is on another host and Plan.Remote does not allow it.
var ErrRemote = errors.New("the node is not on this host")

// Loopback reports whether a node's URL stays on this host.
func Loopback(nodeURL string) bool {
	u, err := url.Parse(nodeURL)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// RouteError is a route that leads nowhere.
type RouteError struct {
	Route string
	Err   error
}

// Error says why.
func (e *RouteError) Error() string { return fmt.Sprintf("through %q: %v", e.Route, e.Err) }

// Unwrap returns the cause.
func (e *RouteError) Unwrap() error { return e.Err }

// resolve finds the nodes of a route as they are now. A cluster that elects is waited for.
func (l *load) resolve(ctx context.Context, route string) (all Nodes, chosen []Node, err error) {
	ctx, cancel := context.WithTimeout(ctx, resolveFor)
	defer cancel()
	wait := newSleeper()
	for {
		if all, err = l.store.Nodes(ctx); err == nil {
			if chosen, err = all.Choose(route); err == nil {
				return all, chosen, nil
			}
		}
		if !wait.sleep(ctx, mostPause) {
			return nil, nil, &RouteError{Route: route, Err: err}
		}
	}
}

// leaderAfter says that another node leads than before, where that is so: then the route was another one for a part of the run.
func (l *load) leaderAfter(ctx context.Context, before Nodes) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout/5)
	defer cancel()
	after, err := l.store.Nodes(ctx)
	if err != nil {
		return "who led in the end is not known: " + err.Error()
	}
	if was, is := leaderOf(before), leaderOf(after); was != is {
		return fmt.Sprintf("the leader changed, from %s to %s", orNobody(was), orNobody(is))
	}
	return ""
}

func leaderOf(nodes Nodes) string {
	if i := slices.IndexFunc(nodes, func(n Node) bool { return n.Leader }); i >= 0 {
		return nodes[i].Name
	}
	return ""
}

func orNobody(name string) string {
	if name == "" {
		return "nobody"
	}
	return name
}

// tidy revokes what a ledger holds, unless it is to be kept, and returns how many sessions are left. run is 0 for those
// that all runs were about.
func (l *load) tidy(ctx context.Context, made *ledger, run int) (left uint64) {
	if l.plan.Keep {
		return made.made.Load()
	}
	limit := revokeFor
	if ctx.Err() != nil {
		limit = revokeSoon
	}
	l.tell(Progress{Phase: Revoking, Run: run, Runs: l.runs, Of: made.made.Load()})
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	return made.revoke(ctx, l.store)
}
