package drill

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/sessnode/sessnode/internal/drill/faultnet"
	"github.com/sessnode/sessnode/internal/drill/load"
	"github.com/sessnode/sessnode/internal/drill/power"
	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/timeline"
	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/people"
)

// The amounts that make a drill convincing, and the limits within which things must happen.
const (
	warmOps   = 300 // acknowledged operations before the fault
	windowOps = 100 // acknowledged while the fault holds
	steadyFor = 1500 * time.Millisecond

	// leastTried is how many requests must have been tried where nothing may be acknowledged. Clients wait long for each.
	leastTried = 40

	landLimit    = 10 * time.Second // for a fault to be seen to have landed
	recoverLimit = 30 * time.Second // for the cluster to be whole again
	leaderLimit  = 15 * time.Second
	judgeLimit   = 30 * time.Second // for one search of porcupine
)

// run is a drill that is being played. Scenarios use its methods from one goroutine.
type run struct {
	cfg      Config
	scenario Scenario
	rng      *rand.Rand // decides who is hurt
	hold     time.Duration

	stage   *stage
	cluster *local.Cluster
	net     *faultnet.Switch
	disks   []*power.Disk
	load    *load.Load
	crowd   *people.People
	watch   *watcher
	stalls  *stalls

	stranded error // who waits for a page of the login app although the cluster is whole; nil where nobody does

	gone time.Duration // when the fault that lands was about to take the majority away; the scenario's goroutine alone
	told time.Duration // when the observer was told last; the watcher's goroutine alone

	mu     sync.Mutex
	result result.Result // guarded by mu while the drill is played
	spans  spans         // guarded by mu
}

// spans are the parts of a drill that its judgement depends on.
type spans struct {
	before, during, after timeline.Span   // the fault: the time before it, from its landing to the whole cluster, and after that
	standing              []timeline.Span // when surely no majority could work: nothing may be acknowledged
	without               []timeline.Span // when perhaps none could, so begun before standing: no gap of the cluster's
	refusing              []timeline.Span // when writes are refused by rule: no gap of the cluster's either
	clicks                int             // pages that people asked for during the fault, also those that they still wait for
	faults                []timeline.Span
	phase                 string
	phaseFrom             time.Duration
}

// excused are the times in which writes need not be acknowledged. They do not overlap: no scenario has both kinds.
func (s *spans) excused() []timeline.Span { return slices.Concat(s.without, s.refusing) }

// Run plays one scenario and returns what came of it. An error means that no drill could be played at all, for example because the
// cluster did not start; whatever goes wrong later is in the result.
func Run(ctx context.Context, s Scenario, cfg Config) (result.Result, Evidence, error) {
	if err := cfg.Validate(); err != nil {
		return result.Result{}, Evidence{}, err
	}
	if cfg.Target != nil && !s.Live || cfg.Target == nil && s.ByHand {
		return result.Result{}, Evidence{}, fmt.Errorf("%s cannot be played on this cluster", s.Name)
	}
	r := &run{cfg: cfg, scenario: s, rng: rand.New(rand.NewPCG(cfg.Seed, 1)), hold: s.Hold}
	if cfg.Hold > 0 {
		r.hold = cfg.Hold
	}
	r.begin()
	cfg.Observer.Begin(s, cfg)
	began := time.Now()
	var err error
	if r.stage, err = openStage(ctx, r); err != nil {
		return result.Result{}, Evidence{}, errors.Join(err, r.stage.close())
	}
	evidence := r.drill(ctx)
	if ctx.Err() != nil && r.isTarget() {
		r.cfg.Observer.Event(r.now(), "interrupted: what was done is undone now; once more, and you are told how to do it by hand")
	}
	err = r.stage.close()
	if ctx.Err() != nil {
		return result.Result{}, Evidence{}, errors.Join(ctx.Err(), err)
	}
	if err != nil {
		r.doubt("the drill could not clean up behind itself: %v", err)
	}
	r.result.TookMS = timeline.MS(time.Since(began))
	r.result.Verdict = r.result.Judge()
	cfg.Observer.End(r.result)
	return r.result, evidence, nil
}

// drill plays the scenario on the stage that is set, and judges.
func (r *run) drill(ctx context.Context) Evidence {
	playing, stop := r.bounded(ctx)
	defer stop()
	context.AfterFunc(playing, r.load.Abandon) // nobody waits for requests of a drill that has ended
	r.watch.start(playing)
	r.stalls = watchStalls(playing)
	r.load.Start(playing)
	err := r.play(playing)
	if err != nil && ctx.Err() == nil && !r.tooLong(playing) {
		r.failed(err)
	}
	if err == nil {
		r.stranded = r.awaitPeople(playing)
	}
	r.crowd.Stop()
	if err == nil {
		r.load.Stop()
		r.settle(playing)
		r.tooLong(playing)
	} else {
		r.load.Close() // nobody can be waited for in a cluster that is not whole
	}
	stop()
	r.watch.wait()
	r.stalls.wait()
	r.enter("judge")
	return r.judge()
}

// play is the drill from its first request to the last.
func (r *run) play(ctx context.Context) error {
	r.enter("warm-up")
	if err := r.awaitAcked(ctx, warmOps, leaderLimit, "the warm-up"); err != nil {
		return err
	}
	if err := local.Await(ctx, leaderLimit, "everybody to be signed in", r.everybodySignedIn); err != nil {
		return err
	}
	r.enter("steady")
	from := r.now()
	if err := r.pause(ctx, steadyFor); err != nil {
		return err
	}
	r.enter("fault")
	landed, clicks := r.now(), r.crowd.Counts().Requests
	if err := r.scenario.play(ctx, r); err != nil {
		return err
	}
	r.enter("recover")
	r.load.Rest()
	if err := r.awaitReady(ctx); err != nil {
		return err
	}
	if err := r.awaitAcked(ctx, windowOps+int64(2*r.cfg.Clients), recoverLimit, "work after the fault"); err != nil {
		return err
	}
	whole := r.now()
	people := r.crowd.Counts()
	clicks = people.Requests + people.Waiting - clicks
	r.enter("steady again")
	if err := r.pause(ctx, steadyFor); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans.clicks = clicks
	r.spans.before, r.spans.during, r.spans.after = timeline.Span{From: from, To: landed}, timeline.Span{From: landed, To: whole},
		timeline.Span{From: whole, To: r.load.Recorder().Now()}
	return nil
}

// failed turns what ended a drill early into a verdict: a fault that did not land proves nothing, unless a node had ended before by
// itself; a cluster that does not come back is broken.
func (r *run) failed(err error) {
	ended := endedByItself(r.cluster.Nodes)
	if errors.Is(err, errNotLanded) && ended == "" {
		r.doubt("%v", err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Checks = append(r.result.Checks, result.Check{Name: "recovered", Title: "the cluster came back", Verdict: result.Fail, Got: "no",
		Want: "yes", Detail: err.Error() + ended})
}

// endedByItself tells of nodes that ended although nobody ended them, and is empty where none did.
func endedByItself(nodes []*local.Node) string {
	text := ""
	for _, n := range nodes {
		if life, _ := n.Life(); life == local.Ended {
			how, _ := n.Exit()
			text += fmt.Sprintf("; %s has ended by itself (%s)", n.Name, how)
		}
	}
	return text
}

func (r *run) now() time.Duration { return r.load.Recorder().Now() }

// enter begins a phase.
func (r *run) enter(phase string) {
	at := r.now()
	r.mu.Lock()
	r.leave(at)
	r.spans.phase, r.spans.phaseFrom = phase, at
	r.mu.Unlock()
	r.cfg.Observer.Event(at, "phase "+phase)
}

// leave ends the phase that was begun. The caller holds mu.
func (r *run) leave(at time.Duration) {
	if r.spans.phase != "" {
		r.result.Phases = append(r.result.Phases, result.Phase{Name: r.spans.phase, FromMS: timeline.MS(r.spans.phaseFrom), ToMS: timeline.MS(at)})
	}
}

// mostDoubts is how many reasons for being inconclusive are kept: each alone is enough.
const mostDoubts = 12

// doubt is a reason why the drill cannot be a PASS.
func (r *run) doubt(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if text := fmt.Sprintf(format, args...); len(r.result.Doubts) < mostDoubts && !slices.Contains(r.result.Doubts, text) {
		r.result.Doubts = append(r.result.Doubts, text)
	}
}

// claim is a check that only this scenario has.
func (r *run) claim(name, title string, holds bool, got, want string) {
	verdict := result.Pass
	if !holds {
		verdict = result.Fail
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Checks = append(r.result.Checks, result.Check{Name: name, Title: title, Verdict: verdict, Got: got, Want: want})
}

// pause lets the drill go on as it is for a while: time that is observed, not waited for.
func (r *run) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// awaitAcked waits until so many more operations were acknowledged.
func (r *run) awaitAcked(ctx context.Context, more int64, limit time.Duration, what string) error {
	want := r.load.Recorder().Acked() + more
	return local.Await(ctx, limit, what, func(context.Context) error {
		if got := r.load.Recorder().Acked(); got < want {
			return fmt.Errorf("%d operations are still to be acknowledged", want-got)
		}
		return nil
	})
}

func (r *run) everybodySignedIn(context.Context) error {
	if got := r.crowd.Counts().People; got < r.cfg.People {
		return fmt.Errorf("%d of %d people have signed in", got, r.cfg.People)
	}
	return nil
}

// awaitPeople waits until every page that was asked for by now is shown: people whom a fault keeps waiting for ever are not signed out,
// and of no less concern.
func (r *run) awaitPeople(ctx context.Context) error {
	asked := time.Now()
	return local.Await(ctx, recoverLimit, "everybody on the login app to be served", func(context.Context) error {
		if _, settled := r.crowd.SinceMark(asked); !settled {
			return errors.New("somebody still waits")
		}
		return nil
	})
}
