package httpapi

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sessnode/sessnode"
)

// How a node sheds load. docs/reference/limits.md says what follows from these.
const (
	// shedTarget is how long requests may take on average, once they have their turn, before fewer get one at a time: many are
	// worked on because the node is slow then, and more of them at once make nothing faster.
	shedTarget = 100 * time.Millisecond

	// shedFew is how many may always be worked on. On a slow disk or network requests take longer than shedTarget however few they
	// are; so the target is at least shedSlack times what they took when fewer than this were worked on, at most shedMost.
	shedFew   = 128
	shedSlack = 2
	shedMost  = time.Second

	// A request waits for its turn for shedWait before it is refused; longer, up to shedLong, where so many wait that refusing them would
	// take more than there is to answer; and at most half of the time that it has left. A refusal that came at once would cost nearly as
	// much as an answer, and bring the next request over the same connection at once.
	//
	// Turns go round in order as long as the first in line came less than shedFair ago: after a stall everybody is served. Otherwise the last
	// that came goes first: more come than can be served, and its sender is the likeliest to be still there.
	shedFair = 250 * time.Millisecond
	shedWait = 500 * time.Millisecond
	shedLong = 750 * time.Millisecond

	// shedEvery is how often the number is set anew.
	shedEvery = 100 * time.Millisecond
)

// limiter lets a number of requests be worked on at a time, which follows from how many it gets done in shedTarget. The others wait
// for their turn, a little. It is safe for concurrent use.
type limiter struct {
	most, few int
	now       func() time.Time

	mu     sync.Mutex
	limit  int // at a time
	active int
	top    *waiter // the last that came; below it those that came before
	bottom *waiter // the first
	shed   uint64  // refused so far
	queued int

	// Since limit was last set:
	since time.Time
	full  bool // it was reached
	done  int  // requests that came to a definite end
	took  time.Duration
	peak  int           // the most that were worked on
	rate  float64       // how many were done a second, last time
	quiet time.Duration // what a request took on average when fewer than few were worked on
}

// waiter is a request that waits for its turn.
type waiter struct {
	turn         chan struct{} // closed when it is there
	came         time.Time
	above, below *waiter
	on           bool // it has its turn
}

func newLimiter(most int, now func() time.Time) *limiter {
	return &limiter{most: most, few: min(shedFew, most), limit: min(shedFew, most), now: now, since: now()}
}

// enter waits for a turn and returns when it began. now is the present time. Who got one must leave.
func (l *limiter) enter(ctx context.Context, now time.Time) (time.Time, error) {
	l.mu.Lock()
	l.adjust(now)
	if l.active < l.limit {
		l.begin()
		l.mu.Unlock()
		return now, nil
	}
	l.full = true
	w := &waiter{turn: make(chan struct{}), came: now}
	l.push(w)
	wait := l.patience()
	l.mu.Unlock()
	if end, has := ctx.Deadline(); has {
		wait = min(wait, end.Sub(now)/2)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-w.turn:
		return l.now(), nil
	case <-timer.C:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.on { // at the last moment
		return l.now(), nil
	}
	l.drop(w)
	l.shed++
	e := sessnode.Errorf(sessnode.CodeUnavailable, sessnode.ReasonOverload, "this node has as many requests under way as it gets done: try another node, or later")
	e.RetryAfter = shedWait + rand.N(shedWait*2) // spread, or they all come back at once
	return time.Time{}, e
}

// leave gives the turn to the next. definite says that the request came to an end that tells how long requests take: not by a
// deadline, and not for want of a leader.
func (l *limiter) leave(began, now time.Time, definite bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active--
	if definite {
		l.done++
		l.took += now.Sub(began)
	}
	l.adjust(now)
	l.wake(now)
}

// adjust sets the limit anew where it is time.
func (l *limiter) adjust(now time.Time) {
	since := now.Sub(l.since)
	if since < shedEvery {
		return
	}
	want := max(l.few, 2*l.peak) // room for twice of what there was
	switch {
	case l.done > 0:
		mean := max(l.took/time.Duration(l.done), 1)
		l.rate = float64(l.done) / since.Seconds()
		if l.peak < l.few {
			l.learn(mean)
		}
		// Little's law: so many are worked on as are done in the time that each may take. What is done in an interval is no measure for that:
		// a batch is done at once, and the interval may end with the first of it.
		if target := min(max(shedTarget, shedSlack*l.quiet), shedMost); l.full || mean > target {
			want = max(int(float64(l.peak)*target.Seconds()/mean.Seconds()), l.limit/4)
		}
	case l.full: // nothing ends: the cluster elects, or a disk stalls. That is no overload, and waiting costs nothing
		want = l.most
	case l.active > 0:
		want = l.limit
	}
	l.limit = min(max(want, l.few), 2*l.limit, l.most)
	l.since, l.full, l.peak, l.done, l.took = now, l.top != nil, l.active, 0, 0
	l.wake(now)
}

// learn remembers how long requests take when there are few: less at once, more only if it stays so, because one election is no habit.
func (l *limiter) learn(mean time.Duration) {
	if mean > l.quiet {
		mean = l.quiet + (mean-l.quiet)/16
	}
	l.quiet = mean
}

// wake lets those go on whose turn it is, as long as there is room.
func (l *limiter) wake(now time.Time) {
	for l.active < l.limit && l.top != nil {
		w := l.top
		if now.Sub(l.bottom.came) < shedFair {
			w = l.bottom
		}
		l.drop(w)
		w.on = true
		l.begin()
		close(w.turn)
	}
}

// begin counts one that is worked on.
func (l *limiter) begin() {
	l.active++
	l.peak = max(l.peak, l.active)
}

// patience is how long the next waits.
func (l *limiter) patience() time.Duration {
	if l.rate <= 0 {
		return shedWait
	}
	return min(max(shedWait, time.Duration(float64(l.queued)/l.rate*float64(time.Second))), shedLong)
}

// push puts a waiter on top.
func (l *limiter) push(w *waiter) {
	w.below = l.top
	if l.top != nil {
		l.top.above = w
	} else {
		l.bottom = w
	}
	l.top = w
	l.queued++
}

// drop takes a waiter out.
func (l *limiter) drop(w *waiter) {
	if w.above != nil {
		w.above.below = w.below
	} else {
		l.top = w.below
	}
	if w.below != nil {
		w.below.above = w.above
	} else {
		l.bottom = w.above
	}
	w.above, w.below = nil, nil
	l.queued--
}

// turn waits for a turn in a lane and returns when it began.
func (g *gate) turn(ctx context.Context, l lane, now time.Time) (began time.Time, err error) {
	if l < laneReserve {
		return g.limits[l].enter(ctx, now)
	}
	return now, g.enter(l)
}

// over ends a turn. err is how the request ended.
func (g *gate) over(l lane, began, now time.Time, err error) {
	if l >= laneReserve {
		g.leave(l)
		return
	}
	code := sessnode.CodeOf(err)
	g.limits[l].leave(began, now, code != sessnode.CodeUnavailable && code != sessnode.CodeUnknown)
}

// laneOf sorts the main lane's routes out. Endings have room of their own: a logout must not be lost behind a flood of creates, and
// page views go on while changes wait for a disk.
func laneOf(r *route) lane {
	switch {
	case r.lane != laneMain:
		return r.lane
	case r.method == "GET":
		return laneReads
	case r.method == "DELETE":
		return laneEndings
	}
	return laneChanges
}

// load returns how many are worked on, how many wait, how many may be worked on, and how many were refused so far.
func (l *limiter) load() (active, queued, limit int, shed uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.active, l.queued, l.limit, l.shed
}
