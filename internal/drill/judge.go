package drill

import (
	"fmt"
	"slices"
	"time"

	"github.com/sessnode/sessnode/internal/drill/check"
	"github.com/sessnode/sessnode/internal/drill/history"
	"github.com/sessnode/sessnode/internal/drill/load"
	"github.com/sessnode/sessnode/internal/drill/result"
	"github.com/sessnode/sessnode/internal/drill/timeline"
)

// Evidence is what a drill has seen beside its result.
type Evidence struct {
	Ops []history.Op // of the clients with known histories
}

// leastExpired is how many sessions must be seen to expire for the rules of expiry to be judged.
const leastExpired = 2

// mostEach is how many violations of one check are kept.
const mostEach = 5

// judge runs every checker over what was seen, and completes the result but for its verdict.
func (r *run) judge() Evidence {
	seen := r.load.Results()
	r.count(seen)
	if r.spans.after.To > 0 {
		r.checkStore(seen)
		r.checkPeople()
		r.checkGap(seen.Ops)
		r.checkAmounts(seen)
	} else { // the drill was cut short, and has failed or is in doubt by that: what was seen until then may be broken as well
		r.checkHistories(seen.Ops)
		r.checkPeople()
	}
	if worst := r.stalls.worst(); worst > stallBound {
		r.doubt("this machine stood still for %v: nothing that was measured meanwhile means anything", worst.Round(time.Millisecond))
	}
	if jump := r.stalls.jump(); jump > jumpBound {
		r.doubt("this machine's clock jumped by %v: whether sessions ended in time cannot be told", jump.Round(time.Millisecond))
	}
	r.draw(seen.Ops)
	r.mu.Lock()
	r.leave(r.now())
	r.mu.Unlock()
	if len(r.result.Checks) == 0 {
		r.doubt("nothing was judged")
	}
	return Evidence{Ops: seen.Ops}
}

// checkStore judges the store by the histories of its clients.
func (r *run) checkStore(seen load.Results) {
	s := &r.stage.settled
	nodes := len(r.cluster.Nodes)
	lost := check.Ledgers(seen.Ledgers)
	ghosts := check.DeadTokens(seen.Late, nodes)
	expiry := check.Expiry(seen.Expiring, leastExpired)
	acked := 0
	for i := range seen.Ops {
		if seen.Ops[i].OK() && seen.Ops[i].Writes() {
			acked++
		}
	}
	r.rule("lost-writes", "acknowledged writes lost", lost, fmt.Sprintf("of %s acknowledged", thousands(acked)))
	r.checkHistories(seen.Ops)
	r.rule("ghosts", "dead sessions usable again", ghosts, fmt.Sprintf("in %s late requests", thousands(len(seen.Late))))
	r.rule("expired-served", "expired sessions served", only(expiry, check.Late), fmt.Sprintf("of %d watched to their end", len(seen.Expiring)))
	r.rule("expired-early", "sessions ended too early", only(expiry, check.Early), fmt.Sprintf("of %d watched", len(seen.Expiring)))
	r.rule("events", "events missed or invented", s.violations, fmt.Sprintf("of %s that were followed", thousands(s.events)))
	r.checkReplicas(nodes)
	if !r.isTarget() {
		r.checkTokens()
	}
	r.coverage(seen.Malformed, lost, ghosts, expiry, s.violations)
}

// checkHistories judges what needs no look at the nodes in the end.
func (r *run) checkHistories(ops []history.Op) {
	linear := slices.Concat(check.Sessions(ops, judgeLimit), check.Subjects(ops, judgeLimit), check.Pops(ops))
	r.rule("linearizable", "histories that no order explains", linear, fmt.Sprintf("of %s sessions and subjects", thousands(r.result.Counts.Partitions)))
	if r.scenario.Serves == standing {
		r.rule("no-quorum", "acknowledged without a majority", check.Quorums(ops, r.stood()), "while no majority was there")
	}
	r.coverage(linear)
}

// stood returns the times in which no majority could work, as the checkers want them.
func (r *run) stood() []check.Span {
	var spans []check.Span
	for _, s := range r.spans.standing {
		spans = append(spans, check.Span{Call: s.From, Return: s.To})
	}
	return spans
}

// rule turns violations into a check: none must be there. What a checker could not decide is a doubt (coverage).
func (r *run) rule(name, title string, found []check.Violation, detail string) {
	broken := slices.DeleteFunc(slices.Clone(found), func(v check.Violation) bool { return v.Check == check.Coverage || v.Undecided })
	c := result.Check{Name: name, Title: title, Verdict: result.Pass, Got: thousands(len(broken)), Want: "0", Detail: detail}
	if len(broken) > 0 {
		c.Verdict = result.Fail
	} else if len(broken) < len(found) {
		c.Verdict = result.Inconclusive
	}
	r.result.Checks = append(r.result.Checks, c)
	for i, v := range broken {
		if i < mostEach {
			r.result.Violations = append(r.result.Violations, result.Violation{Check: name, Detail: v.Detail, Trace: v.Trace})
		}
	}
}

// coverage makes a doubt of everything that shows that the drill proves too little.
func (r *run) coverage(found ...[]check.Violation) {
	for _, v := range slices.Concat(found...) {
		if v.Check == check.Coverage || v.Undecided {
			r.doubt("%s", v.Detail)
		}
	}
}

// only keeps the violations of one checker, and what tells that it proves too little.
func only(all []check.Violation, name string) []check.Violation {
	return slices.DeleteFunc(slices.Clone(all), func(v check.Violation) bool { return v.Check != name && v.Check != check.Coverage })
}

func (r *run) checkReplicas(nodes int) {
	equal, judged, detail := r.stage.settled.replicasEqual(nodes)
	c := result.Check{Name: "replicas-equal", Title: "replicas equal at the end", Verdict: result.Pass, Got: "yes", Want: "yes", Detail: detail}
	switch {
	case !judged:
		c.Verdict, c.Got = result.Inconclusive, "not judged"
	case !equal:
		c.Verdict, c.Got = result.Fail, "no"
	}
	r.result.Checks = append(r.result.Checks, c)
}

func (r *run) checkTokens() {
	s := &r.stage.settled
	c := result.Check{Name: "tokens", Title: "tokens in logs or data files", Verdict: result.Pass, Got: thousands(len(s.finds)), Want: "0",
		Detail: fmt.Sprintf("of %s, in %d MB", thousands(len(r.load.Tokens())), s.searched>>20)}
	switch {
	case len(s.finds) > 0:
		c.Verdict = result.Fail
		for i, f := range s.finds {
			if i < mostEach {
				r.result.Violations = append(r.result.Violations, result.Violation{Check: c.Name, Detail: f.String()})
			}
		}
	case s.searchErr != nil:
		c.Verdict, c.Got, c.Detail = result.Inconclusive, "not judged", s.searchErr.Error()
	}
	r.result.Checks = append(r.result.Checks, c)
}

// checkPeople judges what those saw who used the login app.
func (r *run) checkPeople() {
	seen := r.crowd.Counts()
	r.result.People = result.People{Count: seen.People, Requests: seen.Requests, Waited: seen.Failed, LongestMS: timeline.MS(seen.Longest),
		SignedOut: seen.SignedOut, Ghosts: seen.Ghosts}
	c := result.Check{Name: "signed-out", Title: "people signed out by a fault", Verdict: result.Pass, Got: thousands(seen.SignedOut), Want: "0",
		Detail: fmt.Sprintf("of %d, in %s pages; longest wait %s", seen.People, thousands(seen.Requests), seconds(seen.Longest))}
	if seen.SignedOut > 0 {
		c.Verdict = result.Fail
	}
	g := result.Check{Name: "people-ghosts", Title: "old cookies let in by the app", Verdict: result.Pass, Got: thousands(seen.Ghosts), Want: "0"}
	if seen.Ghosts > 0 {
		g.Verdict = result.Fail
	}
	r.result.Checks = append(r.result.Checks, c, g)
	if r.stranded != nil {
		r.result.Checks = append(r.result.Checks, result.Check{Name: "people-served", Title: "people were served again", Verdict: result.Fail,
			Got: "no", Want: "yes", Detail: r.stranded.Error()})
	}
	if seen.Odd > 0 {
		r.doubt("%d pages of the login app made no sense", seen.Odd)
	}
}
