package drill

import (
	"fmt"
	"time"

	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/drill/history"
	"github.com/sessnode/sessnode/internal/drill/load"
	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/timeline"
)

// allNodes is what a fault is on that leaves no process to be asked, or no disk with room.
const allNodes = "all nodes"

// amount is how much must be seen while a fault holds for the drill to prove anything.
type amount struct {
	ops  int64
	what string // acknowledged, or tried
}

// usual is what a fault of the scenario needs: acknowledged operations where the cluster goes on, tries where it may or must not.
func (s Scenario) usual(on string) amount {
	switch {
	case s.Serves == standing && on == allNodes:
		return amount{} // no process is there to be asked
	case s.Serves == standing || s.Serves == degraded:
		return tried(leastTried)
	}
	return acked(windowOps)
}

func acked(ops int64) amount { return amount{ops, "acknowledged"} }

func tried(ops int64) amount { return amount{ops, "tried"} }

// seen returns how many operations of the amount's kind there were since the fault landed.
func (a amount) seen(rec *history.Recorder, s *strike) int64 {
	if a.what == "tried" {
		return rec.Tried() - s.tried
	}
	return rec.Acked() - s.acked
}

// checkAmounts asks whether enough was seen for the verdict to mean something.
func (r *run) checkAmounts(seen load.Results) {
	if got := timeline.AckedWithin(seen.Ops, r.spans.during); got < windowOps {
		r.doubt("%d operations were acknowledged from the fault until the cluster was whole, want at least %d", got, windowOps)
	}
	for _, text := range thin(seen, len(r.cluster.Nodes), r.spans.during) {
		r.doubt("%s", text)
	}
	if len(r.result.Faults) == 0 {
		r.doubt("no fault was recorded")
	}
	if r.scenario.Serves == standing && len(r.spans.standing) == 0 {
		r.doubt("no time without a majority was recorded")
	}
	if got := r.spans.clicks; got < r.cfg.People {
		r.doubt("%d pages of the login app were asked for from the fault until the cluster was whole, want at least %d", got, r.cfg.People)
	}
	c := result.Check{Name: "failed-requests", Title: "requests that failed at a client that retries", Verdict: result.Pass, Got: "0", Want: "0",
		Detail: "longest took " + r.longest(seen.Ops)}
	if failed := unanswered(seen.Ops, r.spans.excused(), r.allowed()); failed > 0 {
		c.Verdict, c.Got, c.Detail = result.Fail, thousands(failed), "each was tried for 20 s"
	}
	r.result.Checks = append(r.result.Checks, c)
}

// The least that histories must hold for their checks to mean anything. A drill of a few seconds has many times that.
const (
	leastSessions = 20
	leastEntries  = 20 // acknowledged changes of ledgers
)

// thin says, a sentence each, which checks had too little to judge: none is missing from a drill that went as it should.
func thin(seen load.Results, nodes int, fault timeline.Span) []string {
	var texts []string
	short := func(got, want int, what string) {
		if got < want {
			texts = append(texts, fmt.Sprintf("%d %s, want at least %d", got, what, want))
		}
	}
	sessions := map[int]bool{}
	for i := range seen.Ops {
		if op := &seen.Ops[i]; op.Session >= 0 && op.OK() {
			sessions[op.Session] = true
		}
	}
	short(len(sessions), leastSessions, "sessions were worked on")
	entries := 0
	for _, l := range seen.Ledgers {
		for _, e := range l.Entries {
			entries += count1(e.Outcome == history.Done)
		}
		for _, i := range l.Incrs {
			entries += count1(i.Outcome == history.Done)
		}
		short(len(l.Finals), nodes, fmt.Sprintf("nodes showed ledger %d at the end", l.Session))
	}
	short(entries, leastEntries, "changes of ledgers were acknowledged")
	short(len(seen.Late), 1, "late requests were made with tokens of dead sessions")
	lived := 0
	for _, s := range seen.Expiring {
		lived += count1(through(s, fault))
	}
	short(lived, 1, "sessions that were watched to their end lived while the fault held")
	return texts
}

func count1(is bool) int {
	if is {
		return 1
	}
	return 0
}

// through reports whether a session that was watched lived for a part of the span.
func through(s check.Expiring, span timeline.Span) bool {
	end := s.Created.Return
	for _, p := range s.Probes {
		end = max(end, p.Return)
	}
	return timeline.Span{From: s.Created.Call, To: end}.Overlap(span) > 0
}

// unanswered counts the operations of patient clients that got no definite answer in all their tries. Where no majority was there, or
// writes were refused by rule, none was to be had: an operation counts only if it had longer than allowed beside that.
func unanswered(ops []history.Op, excused []timeline.Span, allowed time.Duration) int {
	n := 0
	for i := range ops {
		op := &ops[i]
		if op.Patient && op.Outcome != history.Done && beside(timeline.Span{From: op.Began, To: op.Return}, excused) > allowed {
			n++
		}
	}
	return n
}

// beside returns how long a span is beside others, which do not overlap each other.
func beside(s timeline.Span, others []timeline.Span) time.Duration {
	left := s.Length()
	for _, o := range others {
		left -= s.Overlap(o)
	}
	return left
}

// longest describes the longest that a client waited, also as a multiple of the election time-out.
func (r *run) longest(ops []history.Op) string {
	var worst time.Duration
	for i := range ops {
		if op := &ops[i]; op.Patient && op.Outcome == history.Done {
			worst = max(worst, op.Return-op.Began)
		}
	}
	if r.isTarget() {
		return seconds(worst) // the profile of its nodes is not told
	}
	return fmt.Sprintf("%s, %.1f election time-outs", seconds(worst), float64(worst)/float64(electionTimeout))
}
