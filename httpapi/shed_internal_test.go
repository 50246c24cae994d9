package httpapi

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode"
)

// machine is a processor that does one thing after the other, in virtual time.
type machine struct{ free chan struct{} }

func newMachine() *machine {
	m := &machine{make(chan struct{}, 1)}
	m.free <- struct{}{}
	return m
}

func (m *machine) work(d time.Duration) {
	<-m.free
	time.Sleep(d)
	m.free <- struct{}{}
}

// What a request costs the machine: it carries a thousand a second, and a refusal a twenty-fifth of an answer.
const (
	workTime  = time.Millisecond
	parseTime = 20 * time.Microsecond
	writeTime = 20 * time.Microsecond
)

// told is what clients of a played node saw in one stretch.
type told struct {
	answered []time.Duration // from when they were due
	refused  int
	away     int // no connection was free
}

func (t *told) perSecond(d time.Duration) float64 {
	n := 0
	for _, a := range t.answered {
		if a <= time.Second {
			n++
		}
	}
	return float64(n) / d.Seconds()
}

func (t *told) quantile(q float64) time.Duration {
	slices.Sort(t.answered)
	return t.answered[int(q*float64(len(t.answered)-1))]
}

// play sends requests at a rate a second, in an open loop over a number of connections, for a while.
func play(l *limiter, m *machine, conns int, rate float64, last time.Duration) *told {
	var t told
	var mu sync.Mutex
	var group sync.WaitGroup
	start, next := time.Now(), 0
	claim := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		next++
		return start.Add(time.Duration(float64(next-1) / rate * float64(time.Second)))
	}
	for range conns {
		group.Go(func() {
			for {
				due := claim()
				if due.Sub(start) >= last {
					return
				}
				time.Sleep(time.Until(due))
				if time.Since(due) > time.Millisecond {
					mu.Lock()
					t.away++
					mu.Unlock()
					continue
				}
				err := request(l, m)
				mu.Lock()
				if err == nil {
					t.answered = append(t.answered, time.Since(due))
				} else {
					t.refused++
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return &t
}

func request(l *limiter, m *machine) error {
	ctx, cancel := context.WithTimeout(context.Background(), DefaultTimeout)
	defer cancel()
	m.work(parseTime)
	began, err := l.enter(ctx, time.Now())
	if err == nil {
		m.work(workTime)
		l.leave(began, time.Now(), true)
	}
	m.work(writeTime)
	return err
}

// TestFiveTimesTheCapacityIsShed: goodput stays within a tenth of the peak, latency is bounded, and all is well at once afterwards.
func TestFiveTimesTheCapacityIsShed(t *testing.T) {
	for _, conns := range []int{300, 3000} {
		t.Run(fmt.Sprint(conns), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, m := newLimiter(1024, time.Now), newMachine()
				peak := play(l, m, 32, 1e6, 4*time.Second).perSecond(4 * time.Second)
				flood := play(l, m, conns, 5*peak, 4*time.Second)
				after := play(l, m, conns, peak/2, 2*time.Second)
				if got := flood.perSecond(4 * time.Second); got < 0.9*peak {
					t.Errorf("goodput at five times the capacity = %.0f a second, want nine tenths of %.0f", got, peak)
				}
				// What is worked on when many wait is bounded by shedTarget or shedFew, and no turn is waited for longer than shedLong.
				if p99, bound := flood.quantile(0.99), shedLong+3*shedFew*workTime; p99 > bound {
					t.Errorf("p99 of what was answered = %v, want %v at most", p99, bound)
				}
				t.Logf("%d connections: peak %.0f, goodput %.0f, p50 %v, p99 %v, max %v, %d refused, %d away", conns, peak, flood.perSecond(4*time.Second), flood.quantile(0.5), flood.quantile(0.99), flood.quantile(1), flood.refused, flood.away)
				if conns > 600 && flood.refused == 0 {
					t.Error("nothing was refused")
				}
				if after.refused > 0 || after.away > 0 || after.quantile(1) > 10*workTime {
					t.Errorf("after the flood %d were refused and %d turned away, and the slowest answer took %v", after.refused, after.away, after.quantile(1))
				}
				if active, queued, _, _ := l.load(); active != 0 || queued != 0 {
					t.Errorf("%d are worked on and %d wait in the end", active, queued)
				}
			})
		})
	}
}

// TestWithoutSheddingTheFloodWins: the judge above can tell.
func TestWithoutSheddingTheFloodWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, m := newLimiter(1<<20, time.Now), newMachine()
		l.few, l.limit = 1<<20, 1<<20 // never fewer
		peak := play(l, m, 32, 1e6, 4*time.Second).perSecond(4 * time.Second)
		if got := play(l, m, 3000, 5*peak, 4*time.Second).perSecond(4 * time.Second); got > peak/2 {
			t.Errorf("goodput without shedding = %.0f a second of %.0f", got, peak)
		}
	})
}

// TestAMachineThatGetsSlowerIsGivenLess, and more again when it is well: a stall costs no restart.
func TestAMachineThatGetsSlowerIsGivenLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(1024, time.Now)
		slow := func(took time.Duration, d time.Duration) (most int) {
			var group sync.WaitGroup
			end := time.Now().Add(d)
			for range 2000 {
				group.Go(func() {
					for time.Now().Before(end) {
						ctx, cancel := context.WithTimeout(context.Background(), DefaultTimeout)
						if began, err := l.enter(ctx, time.Now()); err == nil {
							active, _, _, _ := l.load()
							time.Sleep(took * time.Duration(active)) // a share of the machine
							l.leave(began, time.Now(), true)
						}
						cancel()
					}
				})
			}
			group.Wait()
			_, _, limit, _ := l.load()
			return limit
		}
		if got := slow(time.Millisecond, 5*time.Second); got > 2*shedFew {
			t.Errorf("a slow machine is given %d at a time", got)
		}
		if got := slow(20*time.Microsecond, 5*time.Second); got < 4*shedFew {
			t.Errorf("a machine that is well again is given %d at a time", got)
		}
	})
}

// TestASlowDiskIsNoOverload: where few take long, many may take as long.
func TestASlowDiskIsNoOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(1024, time.Now)
		waits := func(n int) (refused int) {
			var mu sync.Mutex
			var group sync.WaitGroup
			for range n {
				group.Go(func() {
					for range 20 {
						ctx, cancel := context.WithTimeout(context.Background(), DefaultTimeout)
						began, err := l.enter(ctx, time.Now())
						cancel()
						if err != nil {
							mu.Lock()
							refused++
							mu.Unlock()
							continue
						}
						time.Sleep(300 * time.Millisecond) // however many there are
						l.leave(began, time.Now(), true)
					}
				})
			}
			group.Wait()
			return refused
		}
		if n := waits(50); n > 0 {
			t.Errorf("%d of few were refused", n)
		}
		if n := waits(900); n > 900*20/20 {
			t.Errorf("%d of many were refused, which take no longer: more than while it learns", n)
		}
	})
}

// TestNoLeaderIsNoOverload: requests that end by their deadlines say nothing about how many there may be.
func TestNoLeaderIsNoOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(1024, time.Now)
		var group sync.WaitGroup
		for range 1000 {
			time.Sleep(shedEvery / 100)
			group.Go(func() {
				began, err := l.enter(context.Background(), time.Now())
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(5 * time.Second)
				l.leave(began, time.Now(), false)
			})
		}
		group.Wait()
		if _, _, _, shed := l.load(); shed > 0 {
			t.Errorf("during an election %d were refused for overload", shed)
		}
	})
}

// TestTurnsGoRoundUntilTheyTakeTooLong: in order first, and by who came last when the first in line has waited for long.
func TestTurnsGoRoundUntilTheyTakeTooLong(t *testing.T) {
	for _, test := range []struct {
		after time.Duration
		want  []int
	}{{shedFair / 2, []int{0, 1, 2}}, {shedFair, []int{2, 1, 0}}} {
		synctest.Test(t, func(t *testing.T) {
			l := newLimiter(1, time.Now)
			began, _ := l.enter(context.Background(), time.Now())
			var order []int
			var group sync.WaitGroup
			for i := range 3 {
				group.Go(func() {
					turn, err := l.enter(context.Background(), time.Now())
					if err != nil {
						t.Error(err)
						return
					}
					order = append(order, i)
					l.leave(turn, time.Now(), true)
				})
				synctest.Wait()
			}
			time.Sleep(test.after)
			l.leave(began, time.Now(), true)
			group.Wait()
			if !slices.Equal(order, test.want) {
				t.Errorf("after %v turns came in the order %v, want %v", test.after, order, test.want)
			}
		})
	}
}

// TestAStallRefusesNobody: below the capacity, who came during a stall is served behind it.
func TestAStallRefusesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, m := newLimiter(1024, time.Now), newMachine()
		var group sync.WaitGroup
		group.Go(func() {
			time.Sleep(time.Second)
			m.work(200 * time.Millisecond)
		})
		got := play(l, m, 3000, 850, 4*time.Second)
		group.Wait()
		if got.refused > 0 || got.away > 0 || got.quantile(1) > time.Second {
			t.Errorf("behind a stall of 200 ms %d were refused and %d turned away, and the slowest answer took %v", got.refused, got.away, got.quantile(1))
		}
	})
}

// TestARefusalSaysWhatHappened: not done, for overload, and when to come back; spread, so that not all do so at once.
func TestARefusalSaysWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(1, time.Now)
		_, _ = l.enter(context.Background(), time.Now())
		seen := map[string]bool{}
		for range 20 {
			asked := time.Now()
			_, err := l.enter(context.Background(), time.Now())
			if sessnode.CodeOf(err) != sessnode.CodeUnavailable || sessnode.ReasonOf(err) != sessnode.ReasonOverload {
				t.Fatalf("refused with %v", err)
			}
			if waited := time.Since(asked); waited != shedWait {
				t.Errorf("refused after %v", waited)
			}
			r := problem(err, true)
			for _, f := range r.Header {
				if f.Name == "Retry-After" {
					seen[string(r.Body)] = true
				}
			}
		}
		if len(seen) < 10 {
			t.Errorf("20 refusals named %d different times", len(seen))
		}
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		asked := time.Now()
		if _, err := l.enter(ctx, time.Now()); err == nil || time.Since(asked) != 50*time.Millisecond {
			t.Errorf("with 100 ms left, refused with %v after %v, want half of it", err, time.Since(asked))
		}
	})
}
