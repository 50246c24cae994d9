package people

import (
	"sync"
	"time"
)

// Counts is what people saw of the app. The last three of it must stay 0, whatever fails.
type Counts struct {
	People   int           // who have signed in at least once
	SignedIn int           // of them, now
	Requests int           // all answers
	Failed   int           // answers of an app that could not reach the store: try again
	Waiting  int           // clicks that were not served yet
	Longest  time.Duration // from a click until it was served, with all tries

	SignedOut int // a person whose session was valid was taken for nobody, or for somebody else
	Ghosts    int // an old cookie was let in after its person had logged out
	Odd       int // answers that make no sense
}

// Broken reports whether people saw a promise broken.
func (c Counts) Broken() bool { return c.SignedOut+c.Ghosts+c.Odd > 0 }

// counter collects Counts. It is safe for concurrent use.
type counter struct {
	mu      sync.Mutex
	all     Counts
	mark    time.Time           // since when recent counts
	recent  time.Duration       // the longest wait that ended since mark
	waiting map[*click]struct{} // clicks that were not served yet
	now     func() time.Time    // the machine's clock
}

// click is one wish of a person, from the first try until it is served.
type click struct{ begun time.Time }

func newCounter() *counter { return &counter{waiting: map[*click]struct{}{}, now: time.Now} }

// Counts returns the counts so far. A click that waits counts for the longest wait as long as it has waited.
func (c *counter) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.all
	all.Waiting = len(c.waiting)
	for w := range c.waiting {
		all.Longest = max(all.Longest, c.now().Sub(w.begun))
	}
	return all
}

// begin starts a click; served or given up ends it.
func (c *counter) begin() *click {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &click{c.now()}
	c.waiting[w] = struct{}{}
	return w
}

// served ends a click that got an answer.
func (c *counter) served(w *click) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, w)
	wait := c.now().Sub(w.begun)
	c.all.Requests++
	c.all.Longest, c.recent = max(c.all.Longest, wait), max(c.recent, wait)
}

// failed counts a try that was not served; the click goes on.
func (c *counter) failed() { c.add(func(all *Counts) { all.Requests++; all.Failed++ }) }

// givenUp ends a click because the demo ends.
func (c *counter) givenUp(w *click) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, w)
}

func (c *counter) add(change func(*Counts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.all)
}

// SetMark begins a new count of the longest wait.
func (c *counter) SetMark() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mark, c.recent = c.now(), 0
}

// SinceMark returns the longest wait of clicks that ended since the mark. Settled is false while a click waits that was begun
// before the given moment.
func (c *counter) SinceMark(before time.Time) (longest time.Duration, settled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.waiting {
		if w.begun.Before(before) {
			return c.recent, false
		}
	}
	return c.recent, true
}
