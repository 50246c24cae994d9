package demo

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sessnode/sessnode/internal/local"
	"github.com/sessnode/sessnode/internal/people"

	"github.com/sessnode/sessnode"
	"github.com/sessnode/sessnode/client"
)

// clickEvery is the least time between the beginnings of two clicks of the tour's own person.
const clickEvery = 5 * time.Millisecond

// answer is what one click brought.
type answer int

const (
	served  answer = iota
	unclear        // no answer, or a change whose fate is not known
	refused        // certainly no session
)

// tried is one click.
type tried struct {
	begun, ended time.Time
	answer       answer
	sent         bool // a change that is unclear may have been made
}

// clicker clicks all the time, one click after the other. It is safe for concurrent use.
type clicker struct {
	halt  context.CancelFunc // no further click is begun
	ended chan struct{}

	mu  sync.Mutex
	all []tried
}

// startClicking calls try again and again until stop or the end of ctx.
func startClicking(ctx context.Context, try func(context.Context) tried) *clicker {
	going, halt := context.WithCancel(ctx)
	c := &clicker{halt: halt, ended: make(chan struct{})}
	go func() { // ends with going, which stop ends
		defer close(c.ended)
		tick := time.NewTicker(clickEvery)
		defer tick.Stop()
		for going.Err() == nil {
			begun := time.Now()
			t := try(ctx)
			t.begun, t.ended = begun, time.Now()
			c.mu.Lock()
			c.all = append(c.all, t)
			c.mu.Unlock()
			select {
			case <-tick.C:
			case <-going.Done():
			}
		}
	}()
	return c
}

// stop lets the click that is under way end, and returns every click.
func (c *clicker) stop() []tried {
	c.halt()
	<-c.ended
	return c.clicks()
}

// clicks returns every click so far.
func (c *clicker) clicks() []tried {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]tried(nil), c.all...)
}

// awaitServed waits until n clicks that were begun after a moment were served.
func (c *clicker) awaitServed(ctx context.Context, limit time.Duration, n int, after time.Time) error {
	return local.Await(ctx, limit, "clicks to be served", func(context.Context) error {
		if got := count(c.clicks(), func(t tried) bool { return t.answer == served && t.begun.After(after) }); got < n {
			return errors.New("the app or the store does not answer")
		}
		return nil
	})
}

func count(all []tried, which func(tried) bool) int {
	n := 0
	for _, t := range all {
		if which(t) {
			n++
		}
	}
	return n
}

// longestWait returns the longest time from a click until one was served, of those served after a moment: a click that was not
// served and all that follow until one is are one wait. whole is false if the last wait has not ended.
func longestWait(all []tried, after time.Time) (longest time.Duration, whole bool) {
	var since time.Time
	for _, t := range all {
		if since.IsZero() {
			since = t.begun
		}
		if t.answer != served {
			continue
		}
		if t.ended.After(after) {
			longest = max(longest, t.ended.Sub(since))
		}
		since = time.Time{}
	}
	return longest, since.IsZero()
}

// looking is a click that only looks: the page that says who is signed in.
func looking(b *people.Browser, name string) func(context.Context) tried {
	return func(ctx context.Context) tried {
		seen, err := b.WhoAmI(ctx)
		switch {
		case err != nil:
			return tried{answer: unclear}
		case seen != name:
			return tried{answer: refused}
		}
		return tried{answer: served}
	}
}

// clicksAttr is the attribute that counts the clicks that write.
const clicksAttr = "tour_clicks"

// writing is a click that changes the session: it counts itself.
func writing(sessions *client.Client, token sessnode.Token) func(context.Context) tried {
	return func(ctx context.Context) tried {
		_, err := sessions.Patch(ctx, token, sessnode.Edit{Incr: map[string]int64{clicksAttr: 1}})
		switch {
		case err == nil:
			return tried{answer: served}
		case errors.Is(err, sessnode.ErrNotFound):
			return tried{answer: refused}
		}
		return tried{answer: unclear, sent: errors.Is(err, sessnode.ErrUnknown)}
	}
}
