package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/people"

	"github.com/sessnode/sessnode/internal/term"
)

// ShowConfig is what a demo for people is run with. Place, Command, Version, Out and Screen are required.
type ShowConfig struct {
	Place
	Command string // how a person calls this program, for the commands that are shown
	Version string
	Out     io.Writer
	Screen  term.Screen
	Keys    <-chan rune   // what a person presses; nil: nobody can
	Script  []Step        // what is pressed without a person, once everybody has signed in
	For     time.Duration // ends the demo; 0: it goes on until it is told
}

const (
	lookEvery  = 200 * time.Millisecond // at the nodes
	lookOften  = 40 * time.Millisecond  // while a fault is on, so that its end is dated well
	drawEvery  = 250 * time.Millisecond
	eventsKept = 12              // of those that the live view showed, for after its end
	plainEvery = 5 * time.Second // between two lines about the people where nothing is redrawn
)

// show is one demo that runs.
type show struct {
	ShowConfig
	stage  *stage
	people *people.People
	live   *term.Live
	began  time.Time
	quit   context.CancelFunc

	mu     sync.Mutex
	nodes  []local.NodeStatus
	events []string
	fault  *fault // nil: none that is not over
}

// Show runs a demo until ctx ends, a key or the script quits, or its time is over; all of these are no error. It returns ErrFailed if
// people saw a promise broken, else what went wrong at the start, or what could not be cleaned up.
func Show(ctx context.Context, c ShowConfig) (err error) {
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	s := &show{ShowConfig: c, live: term.NewLive(c.Out, c.Screen), quit: quit, began: time.Now()}
	defer func() { _ = s.live.Close() }()
	s.say(Header(c.Screen, c.Version, c.Sabotage, c.Keep))
	if c.Screen.Moves() {
		_ = s.live.Draw([]string{"", c.Screen.Dim("  three nodes start …")})
	}
	s.stage, err = openStage(ctx, c.Place)
	if err != nil {
		interrupted := ctx.Err() != nil
		for _, line := range logText(c.Screen, s.stage.lastLogs(logLines)) {
			if !interrupted {
				s.say(line)
			}
		}
		if err = errors.Join(err, s.stage.close()); interrupted {
			return nil // whoever pressed Ctrl-C knows
		}
		return err
	}
	counts := s.run(ctx)
	_ = s.live.Draw(nil)
	err = s.stage.close()
	s.farewell(counts, err)
	if err == nil && counts.Broken() {
		return fmt.Errorf("%w: %d people were signed out, %d old cookies were let in, %d answers made no sense",
			ErrFailed, counts.SignedOut, counts.Ghosts, counts.Odd)
	}
	return err
}

// run plays until the end and returns what people saw.
func (s *show) run(ctx context.Context) people.Counts {
	if s.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.For)
		defer cancel()
	}
	s.began = time.Now()
	s.nodes = s.stage.cluster.Statuses(ctx)
	for _, line := range s.stage.banner(s.Screen, s.Command, s.Keys != nil) {
		s.say(line)
	}
	s.people = people.Start(ctx, s.stage.appURL, people.Names(), people.DemoPace())
	pressed := make(chan rune)
	var all sync.WaitGroup
	all.Go(func() { s.watch(ctx) }) // these three end with ctx
	all.Go(func() { s.obey(ctx, pressed) })
	all.Go(func() { s.press(ctx, pressed) })
	s.redraw(ctx)
	all.Wait()
	s.people.Stop()
	return s.people.Counts()
}

// redraw shows what is going on until ctx ends.
func (s *show) redraw(ctx context.Context) {
	every := drawEvery
	if !s.Screen.Moves() {
		every = plainEvery
		s.sayNodes()
		s.say("")
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if s.Screen.Moves() {
			s.mu.Lock()
			v := view{time.Since(s.began), s.nodes, s.people.Counts(), s.events, s.Keys != nil}
			s.mu.Unlock()
			_ = s.live.Draw(v.lines(s.live.Screen(), time.Now()))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if !s.Screen.Moves() {
				s.say(stamp(time.Since(s.began)) + "  " + plainPeople(s.people.Counts()))
			}
		}
	}
}

// watch looks at the nodes until ctx ends, and tells what changed.
func (s *show) watch(ctx context.Context) {
	w := newWatcher(s.nodes)
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		all := s.stage.cluster.Statuses(ctx)
		if ctx.Err() != nil {
			return
		}
		now := time.Now()
		s.mu.Lock()
		s.nodes = all
		s.mu.Unlock()
		for _, e := range w.see(all, now) {
			s.event(e)
		}
		s.resumeInTime(now)
		next := lookEvery
		if s.settle(all, now) {
			next = lookOften
		}
		tick.Reset(next)
	}
}

// event tells what happened: above the keys on a terminal, as a line elsewhere.
func (s *show) event(text string) {
	line := stamp(time.Since(s.began)) + "  " + text
	s.mu.Lock()
	s.events = append(s.events, line)
	s.mu.Unlock()
	if !s.Screen.Moves() {
		s.say(line)
	}
}

func (s *show) say(line string) { _ = s.live.Say(line) }

func (s *show) sayNodes() {
	s.mu.Lock()
	nodes := s.nodes
	s.mu.Unlock()
	for _, line := range nodeTable(s.Screen, nodes, time.Now()) {
		s.say(line)
	}
}

// farewell says what people saw in all, what is left, and how to go on.
func (s *show) farewell(c people.Counts, closeErr error) {
	if s.Screen.Moves() { // what a pipe has had already
		for _, e := range s.events[max(0, len(s.events)-eventsKept):] {
			s.say("  " + e)
		}
	}
	s.say("")
	s.say(fmt.Sprintf("  in all   %d people · %s requests · %s got 503 · longest gap %s",
		c.People, term.Count(uint64(c.Requests)), term.Count(uint64(c.Failed)), seconds(c.Longest)))
	s.say(promiseLine(s.Screen, c))
	switch {
	case closeErr != nil:
	case s.Keep:
		s.say("           " + s.Screen.Dim("kept: "+s.stage.folder.Path()))
	default:
		s.say("           " + s.Screen.Dim("the nodes are stopped, the folder is removed"))
	}
	for _, line := range nextSteps(s.Screen, s.Command) {
		s.say(line)
	}
}

// plainPeople is what a pipe gets every few seconds.
func plainPeople(c people.Counts) string {
	return fmt.Sprintf("%d signed in · %s requests · %s got 503 · longest gap %s · signed out by a fault %d",
		c.SignedIn, term.Count(uint64(c.Requests)), term.Count(uint64(c.Failed)), seconds(c.Longest), c.SignedOut)
}
