package bench

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sessnode/sessnode"
)

// The tests of this file run in synctest's bubble: time passes only while everybody waits, so that figures are exact.

// planOf is a short plan of one workload. Sessions are made in no time, and there is no warm-up.
func planOf(t *testing.T, workload string, clients int) Plan {
	t.Helper()
	w, err := ParseWorkload(workload)
	if err != nil {
		t.Fatal(err)
	}
	p := DefaultPlan()
	p.Workloads, p.Clients, p.WarmUp, p.Sessions = []Workload{w}, []int{clients}, 0, 100
	return p
}

func mustLoad(t *testing.T, ctx context.Context, s Store, p Plan, o Observer) Report {
	t.Helper()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	report, err := Load(ctx, s, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// always answers after the same time.
func always(d time.Duration) func(Operation, int) time.Duration {
	return func(Operation, int) time.Duration { return d }
}

// near reports whether got is want, within the error of a histogram.
func near(got, want float64) bool { return math.Abs(got-want) <= want/50 }

func TestAClosedLoopSendsTheNextWhenTheLastIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStore{takes: always(10 * time.Millisecond)}
		got := mustLoad(t, t.Context(), s, planOf(t, "read", 4), Observer{}).Runs[0]
		if got.Total.OK != 4*1000 || got.Seconds != 10 || got.Total.PerSecond != 400 {
			t.Errorf("4 clients, 10 ms, 10 s: %d in %v s, %v/s, want 4000 in 10 s, 400/s", got.Total.OK, got.Seconds, got.Total.PerSecond)
		}
		if l := got.Total.Latency; !near(l.P50, 0.01) || l.Max != 0.01 || l.Min != 0.01 || got.Open != nil {
			t.Errorf("latency = %+v, open = %v, want 10 ms all over and no open loop", l, got.Open)
		}
	})
}

func TestAnOpenLoopCountsFromWhenARequestWasDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stall := func(_ Operation, call int) time.Duration {
			if call == 300 {
				return 2 * time.Second
			}
			return time.Millisecond
		}
		p := planOf(t, "read", 1)
		p.Rate = 100
		got := mustLoad(t, t.Context(), &fakeStore{takes: stall}, p, Observer{}).Runs[0]
		// 200 of 1000 were due while the store stalled, and each waited from when it was due: a tenth of all waited over a
		// second. Counted from when they were sent, one in a thousand would be slow.
		if l := got.Total.Latency; l.P50 > 0.002 || l.P95 < 1 || l.P99 < 1.7 || l.Max != 2 {
			t.Errorf("latency = %+v, want p50 1 ms, p95 over 1 s, p99 over 1.7 s, max 2 s", l)
		}
		if got.Open.Due != 1000 || got.Open.Begun != 1000 || got.Open.Late < 200 || got.Open.Late > 230 || len(got.Notes) != 0 {
			t.Errorf("offered %+v, notes %q, want all 1000, 200 and a few late, no note", got.Open, got.Notes)
		}
	})
}

func TestAnOpenLoopSaysWhenLessThanItsRateWasOffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := planOf(t, "read", 2)
		p.Rate = 100
		got := mustLoad(t, t.Context(), &fakeStore{takes: always(100 * time.Millisecond)}, p, Observer{}).Runs[0]
		if got.Open.Due != 1000 || got.Open.Begun != 200 || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "800 of 1000 operations never began") {
			t.Errorf("offered %+v, notes %q, want 200 of 1000 and a note", got.Open, got.Notes)
		}
		if got.Total.OK != 200 || got.Total.Latency.Max < 7 {
			t.Errorf("%d ok, max %v s, want 200, and the last one late by its whole wait", got.Total.OK, got.Total.Latency.Max)
		}
	})
}

func TestTheWarmUpIsNotMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, rate := range map[string]float64{"closed": 0, "open": 100} {
			cold := func(_ Operation, call int) time.Duration {
				if call < 5 {
					return 300 * time.Millisecond
				}
				return 10 * time.Millisecond
			}
			failing := func(o Operation, call int) sessnode.Code {
				if o == Read && call < 5 {
					return sessnode.CodeNotFound
				}
				return sessnode.OK
			}
			p := planOf(t, "read", 4)
			p.WarmUp, p.Rate = 2*time.Second, rate
			got := mustLoad(t, t.Context(), &fakeStore{takes: cold, says: failing}, p, Observer{}).Runs[0]
			if got.Total.Latency.Max > 0.02 || got.Total.Failed() != 0 || got.WarmUpErrors != 5 || len(got.Notes) != 1 {
				t.Errorf("%s: max %v s, %d failed, %d in the warm-up, notes %q, want 10 ms, 0, 5, and a note of them",
					name, got.Total.Latency.Max, got.Total.Failed(), got.WarmUpErrors, got.Notes)
			}
		}
	})
}

func TestWhatTheWarmUpCouldNotBeginIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := planOf(t, "read", 2)
		p.WarmUp, p.Rate = 5*time.Second, 1000
		got := mustLoad(t, t.Context(), &fakeStore{takes: always(100 * time.Millisecond)}, p, Observer{}).Runs[0]
		if got.Open.Due != 10_000 || got.Open.Begun != 200 || got.Total.OK != 200 || got.Total.Latency.Min > 0.2 {
			t.Errorf("offered %+v, %d ok, fastest %v s, want 200 of 10000, and the first one not late", got.Open, got.Total.OK, got.Total.Latency.Min)
		}
	})
}

func TestErrorsAreCountedByCodeAndNeverTimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codes := []sessnode.Code{sessnode.OK, sessnode.CodeConflict, sessnode.CodeUnknown, sessnode.OK, sessnode.CodeNotFound}
		s := &fakeStore{takes: always(time.Millisecond), says: func(o Operation, call int) sessnode.Code {
			if o == Create {
				return sessnode.OK
			}
			if call < 500 {
				return codes[call%len(codes)]
			}
			return sessnode.OK
		}}
		got := mustLoad(t, t.Context(), s, planOf(t, "patch", 1), Observer{}).Runs[0]
		want := map[string]uint64{"conflict": 100, "not_found": 100}
		if !reflect.DeepEqual(got.Total.Errors, want) || got.Total.Unknown != 100 || got.Total.Failed() != 300 {
			t.Errorf("errors %v, unknown %d, failed %d, want %v, 100, 300", got.Total.Errors, got.Total.Unknown, got.Total.Failed(), want)
		}
		if n := sum(got.Total.Histogram); n != got.Total.OK {
			t.Errorf("the histogram holds %d, want the %d that succeeded", n, got.Total.OK)
		}
	})
}

func sum(bars []Bar) (n uint64) {
	for _, b := range bars {
		n += b.Count
	}
	return n
}

func TestAStoreThatIsDownIsNotToldSoInABusyLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStore{says: func(o Operation, _ int) sessnode.Code {
			if o == Create {
				return sessnode.OK
			}
			return sessnode.CodeUnavailable
		}}
		report := mustLoad(t, t.Context(), s, planOf(t, "read", 1), Observer{})
		if n := report.Runs[0].Total.Errors["unavailable"]; n < 20 || n > 100 || report.Succeeded() != 0 {
			t.Errorf("%d errors in 10 s, %d succeeded, want a few dozen and none", n, report.Succeeded())
		}
	})
}

func TestALoadEndsThoughNothingIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := func(o Operation, _ int) time.Duration {
			if o == Create {
				return 0
			}
			return requestTimeout
		}
		for _, rate := range []float64{0, 1000} {
			p := planOf(t, "mixed", 8)
			p.Rate = rate
			began := time.Now()
			mustLoad(t, t.Context(), &fakeStore{takes: hangs}, p, Observer{})
			if took := time.Since(began); took > p.Duration+requestTimeout+time.Second {
				t.Errorf("rate %v: took %v, want the duration and one request more at most", rate, took)
			}
		}
	})
}

func TestOperationsThatBeganInTimeCountHoweverLongTheyTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(o Operation, call int) time.Duration {
			if o == Read && call == 4 {
				return 4 * time.Second
			}
			return time.Second
		}
		p := planOf(t, "read", 1)
		p.Duration = 5 * time.Second
		got := mustLoad(t, t.Context(), &fakeStore{takes: slow}, p, Observer{}).Runs[0]
		if got.Total.OK != 5 || got.Total.Latency.Max != 4 || got.Seconds != 8 {
			t.Errorf("%d ok, slowest %v s, in %v s, want 5, 4 s, 8 s", got.Total.OK, got.Total.Latency.Max, got.Seconds)
		}
	})
}

func TestWhatCouldNotBeRevokedIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := planOf(t, "read", 1)
		p.Sessions = 10 * perSubject
		s := &fakeStore{takes: always(time.Millisecond), keeps: func(_ context.Context, call int) bool { return call == 3 }}
		if report := mustLoad(t, t.Context(), s, p, Observer{}); report.Left != perSubject || s.live() != perSubject {
			t.Errorf("%d left, %d said, want those of one subject, %d", s.live(), report.Left, perSubject)
		}
	})
}

func TestAnInterruptedLoadDoesNotWaitLongForAStoreThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		hangs := func(ctx context.Context, _ int) bool { <-ctx.Done(); return true }
		s := &fakeStore{takes: always(time.Millisecond), keeps: hangs}
		began := time.Now()
		time.AfterFunc(time.Second, cancel)
		report := mustLoad(t, ctx, s, planOf(t, "read", 1), Observer{})
		if took := time.Since(began); took > time.Second+revokeSoon+2*time.Second || report.Left != 100 {
			t.Errorf("took %v with %d left, want about %v and all 100", took, report.Left, revokeSoon)
		}
	})
}

func TestCancellingReturnsAtOnceWhatWasMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, rate := range []float64{0, 50} {
			ctx, cancel := context.WithCancel(t.Context())
			s := &fakeStore{takes: always(20 * time.Millisecond)}
			p := planOf(t, "create", 2)
			p.Rate, p.Clients = rate, []int{2, 4}
			began := time.Now()
			time.AfterFunc(3*time.Second, cancel)
			report := mustLoad(t, ctx, s, p, Observer{})
			took := time.Since(began)
			if took > 3100*time.Millisecond || !report.Interrupted || len(report.Runs) != 1 {
				t.Fatalf("rate %v: took %v, interrupted %v, %d runs, want 3 s, true, 1", rate, took, report.Interrupted, len(report.Runs))
			}
			r := report.Runs[0]
			if !r.Interrupted || r.Seconds < 2.9 || r.Seconds > 3 || r.Total.OK < 100 || r.Total.Failed() != 0 {
				t.Errorf("rate %v: run of %v s, %d ok, %d failed, want 3 s, what was done by then, and no failure of ours", rate, r.Seconds, r.Total.OK, r.Total.Failed())
			}
			if s.live() != 0 || report.Left != 0 {
				t.Errorf("rate %v: %d sessions left, %d said", rate, s.live(), report.Left)
			}
		}
	})
}

func TestARunEndsWhenItHasMadeEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := planOf(t, "create", 4)
		p.MostSessions = 400
		got := mustLoad(t, t.Context(), &fakeStore{takes: always(10 * time.Millisecond)}, p, Observer{}).Runs[0]
		if got.Total.OK != 400 || got.Seconds != 1 || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "400 sessions") {
			t.Errorf("%d in %v s, notes %q, want 400 in 1 s and a note", got.Total.OK, got.Seconds, got.Notes)
		}
	})
}

func TestWhatWasMadeIsRevokedAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStore{takes: always(5 * time.Millisecond), sessions: map[string]uint64{"ada": 3}, via: map[string]int{}}
		if report := mustLoad(t, t.Context(), s, planOf(t, "mixed", 8), Observer{}); report.Left != 0 || s.live() != 3 {
			t.Errorf("%d left, %d said, want those of ada only", s.live(), report.Left)
		}
		p := planOf(t, "create", 8)
		p.Keep = true
		if report := mustLoad(t, t.Context(), s, p, Observer{}); report.Left == 0 || report.Left != s.live()-3 {
			t.Errorf("kept %d, said %d", s.live()-3, report.Left)
		}
	})
}

func TestProgressIsToldInAllPhases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := map[Phase][]Progress{}
		done := 0
		o := Observer{Every: 500 * time.Millisecond, Progress: func(p Progress) { seen[p.Phase] = append(seen[p.Phase], p) }, Done: func(Run) { done++ }}
		p := planOf(t, "mixed", 2)
		p.WarmUp, p.Sessions = 2*time.Second, 64*1000
		mustLoad(t, t.Context(), &fakeStore{takes: always(time.Millisecond)}, p, o)
		if len(seen[Preparing]) != 2 && len(seen[Preparing]) != 1 || len(seen[WarmingUp]) < 3 || len(seen[Measuring]) < 18 || len(seen[Revoking]) != 2 || done != 1 {
			t.Errorf("told %d, %d, %d, %d times, %d done", len(seen[Preparing]), len(seen[WarmingUp]), len(seen[Measuring]), len(seen[Revoking]), done)
		}
		last := seen[Measuring][len(seen[Measuring])-1]
		if last.PerSecond < 1900 || last.PerSecond > 2100 || last.Run != 1 || last.Runs != 1 || last.Clients != 2 || last.Length != p.Duration {
			t.Errorf("last progress = %+v, want 2000/s of run 1 of 1", last)
		}
	})
}

func TestTheFirstRefusalIsTheReasonWhySessionsCannotBeMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &fakeStore{ // one is refused, and the others are cut off because of that
			takes: func(_ Operation, call int) time.Duration { return time.Duration(min(call, 1)) * time.Second },
			says: func(_ Operation, call int) sessnode.Code {
				if call == 0 {
					return sessnode.CodeForbidden
				}
				return sessnode.CodeUnknown
			},
		}
		_, err := Load(t.Context(), s, planOf(t, "read", 1), Observer{})
		if sessnode.CodeOf(err) != sessnode.CodeForbidden || strings.Contains(err.Error(), "\n") {
			t.Errorf("one answer forbidden, the others cut off: %q", err)
		}
	})
}

func TestSessionsThatCannotBeMadeAreAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, code := range []sessnode.Code{sessnode.CodeUnavailable, sessnode.CodeForbidden} {
			s := &fakeStore{says: func(Operation, int) sessnode.Code { return code }}
			report, err := Load(t.Context(), s, planOf(t, "read", 1), Observer{})
			if !errors.Is(err, errNotPrepared) || sessnode.CodeOf(err) != code || len(report.Runs) != 0 {
				t.Errorf("all answers %v: %d runs, %v", code, len(report.Runs), err)
			}
		}
	})
}
