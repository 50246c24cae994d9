package people

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sessnode/sessnode/internal/local"
)

// quick makes people of a test click without rest.
func quick() Pace { return Pace{Think: time.Millisecond, Clicks: 4} }

// untilCounts waits until the counts satisfy a condition.
func untilCounts(t *testing.T, p *People, what string, holds func(Counts) bool) Counts {
	t.Helper()
	var c Counts
	err := local.Await(t.Context(), 10*time.Second, what, func(context.Context) error {
		if c = p.Counts(); !holds(c) {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v: %+v", err, c)
	}
	return c
}

func startTestPeople(t *testing.T, app *fakeApp) *People {
	p := Start(t.Context(), app.URL, []string{"alan", "barbara", "tim"}, quick())
	t.Cleanup(p.Stop)
	<-p.SignedIn
	return p
}

func TestPeopleOfAnHonestAppHaveNothingToComplainAbout(t *testing.T) {
	p := startTestPeople(t, newFakeApp(t))
	c := untilCounts(t, p, "requests", func(c Counts) bool { return c.Requests > 200 })
	if c.People != 3 || c.SignedIn < 0 || c.SignedIn > 3 || c.Broken() || c.Failed > 0 || c.Longest == 0 {
		t.Errorf("counts = %+v", c)
	}
}

func TestAFalseLogoutIsCounted(t *testing.T) {
	app := newFakeApp(t)
	p := startTestPeople(t, app)
	app.forgets.Store(true)
	if c := untilCounts(t, p, "a false logout", func(c Counts) bool { return c.SignedOut > 0 }); !c.Broken() {
		t.Errorf("Broken() = false for %+v", c)
	}
}

func TestSomebodyElsesSessionIsCounted(t *testing.T) {
	app := newFakeApp(t)
	p := startTestPeople(t, app)
	app.mistakes.Store(true)
	untilCounts(t, p, "a mistake", func(c Counts) bool { return c.SignedOut > 0 })
}

func TestAGhostIsCounted(t *testing.T) {
	app := newFakeApp(t)
	app.ghosts.Store(true)
	p := startTestPeople(t, app)
	if c := untilCounts(t, p, "a ghost", func(c Counts) bool { return c.Ghosts > 0 }); c.SignedOut > 0 {
		t.Errorf("counts = %+v, want ghosts only", c)
	}
}

// TestAnAppThatCannotAnswerSignsNobodyOut is promise 4 in the eyes of people: 503 means to try again.
func TestAnAppThatCannotAnswerSignsNobodyOut(t *testing.T) {
	app := newFakeApp(t)
	p := startTestPeople(t, app)
	app.down.Store(true)
	before := untilCounts(t, p, "failures", func(c Counts) bool { return c.Failed > 10 })
	app.down.Store(false)
	c := untilCounts(t, p, "answers", func(c Counts) bool { return c.Requests > before.Requests+100 })
	if c.Broken() {
		t.Errorf("counts = %+v, want nobody signed out", c)
	}
	if c.Longest < before.Longest {
		t.Errorf("longest wait %v after, %v while it lasted", c.Longest, before.Longest)
	}
}

func TestAnswersThatMakeNoSenseAreCounted(t *testing.T) {
	app := newFakeApp(t)
	p := startTestPeople(t, app)
	app.odd.Store(true)
	untilCounts(t, p, "odd answers", func(c Counts) bool { return c.Odd > 0 })
}

func TestAWaitLastsUntilItIsServed(t *testing.T) {
	now := time.Unix(0, 0)
	c := newCounter()
	c.now = func() time.Time { return now }
	first := c.begin()
	now = now.Add(3 * time.Second)
	if got := c.Counts().Longest; got != 3*time.Second {
		t.Errorf("while it waits: longest = %v, want 3s", got)
	}
	if got := c.Counts().Waiting; got != 1 {
		t.Errorf("while it waits: waiting = %d, want 1", got)
	}
	c.SetMark()
	leader := now
	now = now.Add(time.Second)
	if _, settled := c.SinceMark(leader); settled {
		t.Error("settled although somebody waits from before there was a leader")
	}
	second := c.begin() // after there was a leader: its wait is none of the fault's
	c.served(first)
	if longest, settled := c.SinceMark(leader); longest != 4*time.Second || !settled {
		t.Errorf("sinceMark() = %v, %v; want 4s, true", longest, settled)
	}
	c.SetMark()
	now = now.Add(time.Second)
	c.served(second)
	if longest, _ := c.SinceMark(leader); longest != time.Second || c.Counts().Longest != 4*time.Second {
		t.Errorf("after a new mark: %v since, %v in all; want 1s, 4s", longest, c.Counts().Longest)
	}
}

func TestUsersOfTheAppAreThePeopleAndTheirGuests(t *testing.T) {
	all := Users()
	if len(Names()) != 20 || len(all) != 22 || all["ada"] != "demo" || all["grace"] != "demo" || all["alan"] != "demo" {
		t.Errorf("%d visitors, users %v", len(Names()), all)
	}
}
